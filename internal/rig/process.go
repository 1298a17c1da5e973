package rig

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a daemon of the rig. Its methods are for the test's goroutine.
type Process struct {
	t       testing.TB
	name    string
	role    string
	setting []byte
	log     string
	mark    string
	cmd     *exec.Cmd
	over    chan struct{} // closed when the process has ended
	said    string
}

// Start starts the test program in a role, and waits until it is ready. setting is given to the role in JSON. What the process prints is in a log of its name.
func (r *Rig) Start(name, role string, setting any) *Process {
	r.t.Helper()
	text, err := json.Marshal(setting)
	must(r.t, err, "the setting of %s", name)
	p := &Process{t: r.t, name: name, role: role, setting: text, log: filepath.Join(r.dir, name+".log"), mark: r.mark}
	p.run()
	r.mu.Lock()
	r.mu.processes = append(r.mu.processes, p)
	r.mu.Unlock()
	return p
}

func (p *Process) run() {
	p.t.Helper()
	out, err := os.OpenFile(p.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	must(p.t, err, "the log of %s", p.name)
	defer out.Close()
	ready, says, err := os.Pipe()
	must(p.t, err, "starting %s", p.name)
	defer ready.Close()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(withoutGale(os.Environ()), roleVariable+"="+p.role, settingVariable+"="+string(p.setting), markVariable+"="+p.mark)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.ExtraFiles = out, out, []*os.File{says}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the test alone
	err = p.cmd.Start()
	says.Close()
	must(p.t, err, "starting %s", p.name)
	p.reap()
	p.awaitReady(ready)
}

// reap has the process waited for, so that its end is seen.
func (p *Process) reap() {
	cmd, over := p.cmd, make(chan struct{})
	p.over = over
	go func() {
		defer close(over)
		_ = cmd.Wait() // how it ended is known to who ended it
	}()
}

func (p *Process) awaitReady(ready *os.File) {
	p.t.Helper()
	must(p.t, ready.SetReadDeadline(time.Now().Add(Patience)), "waiting for %s", p.name)
	line, err := bufio.NewReader(ready).ReadString('\n')
	if err != nil {
		text, _ := os.ReadFile(p.log)
		p.t.Fatalf("%s did not come up: %v\n%s", p.name, err, text)
	}
	p.said = strings.TrimSuffix(line, "\n")
}

// withoutGale keeps what the test's environment says of Gale from the processes.
func withoutGale(env []string) (kept []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, "GALE_") {
			kept = append(kept, e)
		}
	}
	return kept
}

// PID returns the process id of the last start.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill kills the process and waits for its end. It may have ended before.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop asks the process to end, and waits until it has.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

func (p *Process) end(s syscall.Signal) {
	p.t.Helper()
	_ = p.cmd.Process.Signal(s) // fails only when the process has ended
	select {
	case <-p.over:
	case <-time.After(Patience):
		p.t.Fatalf("%s did not end within %v of %v", p.name, Patience, s)
	}
}

// Pause stops the process where it is (SIGSTOP), until Resume. When it returns, none of its threads runs any more.
func (p *Process) Pause() {
	p.t.Helper()
	Signal(p.t, p.PID(), syscall.SIGSTOP)
	Await(p.t, p.name+" has stopped", func() bool { return stopped(p.PID()) })
}

// Resume lets a paused process go on.
func (p *Process) Resume() { Signal(p.t, p.PID(), syscall.SIGCONT) }

// Restart starts the process again, as it was started before. It must have ended.
func (p *Process) Restart() {
	p.t.Helper()
	select {
	case <-p.over:
	default:
		p.t.Fatalf("%s runs already", p.name)
	}
	p.run()
}

// String returns the name.
func (p *Process) String() string { return fmt.Sprintf("%s (%d)", p.name, p.PID()) }

// Signal sends a signal to a process, which must be there; a negative id stands for the group.
func Signal(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	must(t, syscall.Kill(pid, s), "sending %v to process %d", s, pid)
}
