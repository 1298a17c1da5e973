package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// verdict is what a round of health checks came to.
type verdict struct {
	healthy bool
	said    string // by the first that failed, with its name; at most 1 KiB
}

// illAfter is how many rounds in a row must fail for the machine to be ill: one that is merely busy fails some, too.
const illAfter = 3

// health is what all rounds came to. It decides nothing: Nimbus is told, and moves the workers when there is room for them elsewhere.
type health struct {
	verdict
	failures int // rounds in a row that have failed
}

func (h *health) hear(v verdict) {
	if v.healthy {
		*h = health{verdict: v}
		return
	}
	if h.failures++; h.failures >= illAfter {
		h.verdict = v
	}
}

// Limits of what a health check prints: of what is looked at, and of what is told.
const (
	checkBytes   = 64 << 10
	verdictBytes = 1 << 10
)

// checkHealth runs the health checks every so often until ctx is done, and sends each verdict.
func (s *Supervisor) checkHealth(ctx context.Context, verdicts chan<- verdict) {
	if s.options.HealthChecks == "" {
		return
	}
	for ctx.Err() == nil {
		v := judge(ctx, s.options.HealthChecks, s.options.Timing.HealthTimeout)
		if ctx.Err() != nil {
			return
		}
		select {
		case verdicts <- v:
		case <-ctx.Done():
		}
		pause(ctx, s.options.Timing.HealthEvery)
	}
}

// judge runs the executables of the folder, one after the other.
func judge(ctx context.Context, folder string, timeout time.Duration) verdict {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return verdict{said: clean([]byte("the health checks can't be found: "+err.Error()), verdictBytes)}
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(folder, e.Name()))
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		if err := check(ctx, filepath.Join(folder, e.Name()), timeout); err != nil {
			return verdict{said: clean([]byte(e.Name()+": "+err.Error()), verdictBytes)}
		}
	}
	return verdict{healthy: true}
}

// check runs one health check, in a process group that ends with it.
func check(ctx context.Context, path string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := &head{limit: checkBytes}
	cmd := exec.CommandContext(ctx, path)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("took longer than %v", timeout)
	}
	for line := range bytes.Lines(out.text) {
		if bytes.HasPrefix(line, []byte("ERROR")) {
			return errors.New(string(bytes.TrimRight(line, "\n")))
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out.text))
	}
	return nil
}

// head keeps the beginning of what is written.
type head struct {
	limit int
	text  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), h.limit-len(h.text))]...)
	return len(p), nil
}
