package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

const reaperRole = "rig-reaper"

// leash keeps the reaper waiting. The kernel lets go of it when the test program dies.
type leash struct {
	cmd  *exec.Cmd
	held io.Closer
}

// startReaper starts the process that kills all that bear the mark once the leash is let go.
func startReaper(mark string) (*leash, error) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), roleVariable+"="+reaperRole, settingVariable+"="+mark)
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not end it
	held, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &leash{c, held}, c.Start()
}

// letGo returns when nothing that bears the mark is left.
func (l *leash) letGo() error { return errors.Join(l.held.Close(), l.cmd.Wait()) }

func reap(_ context.Context, mark []byte, _ func(string)) error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	for late := time.Now().Add(Patience); time.Now().Before(late); time.Sleep(pollPause) { // no event tells of others' children
		left, err := marked(string(mark))
		if err != nil || len(left) == 0 {
			return err
		}
		for _, pid := range left { // a supervisor may have started a worker since
			_ = syscall.Kill(pid, syscall.SIGKILL) // fails only when it has ended
		}
	}
	return fmt.Errorf("there are processes that can't be killed")
}
