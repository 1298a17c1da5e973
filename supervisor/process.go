package supervisor

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// child is the process of a worker, which leads a group of its own. It may have been started by a former supervisor: then
// this one is not its parent. It is kept in the worker's folder.
type child struct {
	PID      int       `json:"pid"`
	Identity string    `json:"identity"` // tells it from all other processes that have had or will have its PID
	Life     uint64    `json:"life"`
	Started  time.Time `json:"started"`
	LogInode uint64    `json:"log_inode"` // of the log file when it was started
	LogStart int64     `json:"log_start"` // bytes that the log file had
	adopted  bool      // it was started by a former supervisor
}

// unknownStatus stands for the status of a process whose parent is gone.
const unknownStatus = "exit status unknown, as the supervisor was restarted meanwhile"

// launchProcess starts a program without a shell, its output going to out.
func launchProcess(path string, args, env []string, dir string, out *os.File) (*child, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	p, err := os.StartProcess(path, append([]string{path}, args...), &os.ProcAttr{
		Dir: dir, Env: env, Files: []*os.File{null, out, out}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return nil, err
	}
	defer p.Release() //nolint:errcheck // it can't fail; the process is waited for by its PID
	// It may have ended already, but it was not waited for: the PID is its own still. Without an identity it is never adopted.
	identity, _, _ := identify(p.Pid)
	return &child{PID: p.Pid, Identity: identity, Started: time.Now()}, nil
}

// ended reports whether the process has ended, and how, without waiting; then what it has left of its group is killed. Once it
// has returned true it must not be called again: the PID may be another's.
func (c *child) ended() (status string, order, over bool) {
	s, over, err := reap(c.PID)
	switch {
	case errors.Is(err, unix.ECHILD):
		return unknownStatus, false, c.endedAdopted()
	case err != nil || !over:
		return "", false, false
	}
	status, order = describe(s)
	return status, order, true
}

// endedAdopted is ended for one that is no child of ours, whose PID may be another's by now.
func (c *child) endedAdopted() bool {
	if c.lives() {
		return false
	}
	if identity, _, err := identify(c.PID); err != nil || identity == c.Identity {
		c.signal(unix.SIGKILL)
	}
	return true
}

// lives reports whether a process that is no child of ours is there still.
func (c *child) lives() bool {
	identity, ended, err := identify(c.PID)
	return err == nil && !ended && identity == c.Identity
}

func describe(s unix.WaitStatus) (status string, order bool) {
	if !s.Signaled() {
		return fmt.Sprintf("exit status %d", s.ExitStatus()), s.ExitStatus() == 0
	}
	status = "signal: " + s.Signal().String()
	if s.CoreDump() {
		status += " (core dumped)"
	}
	return status, false
}

// signal sends a signal to the process and all that it has started in its group.
func (c *child) signal(sig unix.Signal) { signalGroup(c.PID, sig) }

func signalGroup(pid int, sig unix.Signal) {
	// The only error there can be is that nobody is left.
	_ = unix.Kill(-pid, sig)
}

// resident returns the bytes of memory that the process uses, 0 if that can't be found out.
func (c *child) resident() int64 {
	m, err := (&process.Process{Pid: int32(c.PID)}).MemoryInfo()
	if err != nil {
		return 0
	}
	return int64(m.RSS)
}
