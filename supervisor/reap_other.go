//go:build !linux

package supervisor

import "golang.org/x/sys/unix"

// reap takes the status of a child that has ended, and kills what that has left of its group at once: the PID is hardly another's by then.
func reap(pid int) (s unix.WaitStatus, over bool, err error) {
	ended, err := unix.Wait4(pid, &s, unix.WNOHANG, nil)
	if err != nil || ended != pid {
		return s, false, err
	}
	signalGroup(pid, unix.SIGKILL)
	return s, true, nil
}
