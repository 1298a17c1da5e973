package supervisor

import "golang.org/x/sys/unix"

// reap takes the status of a child that has ended, and kills what that has left of its group. The killing comes first: until the status is
// taken the PID, and with it the group's number, is nobody else's.
func reap(pid int) (s unix.WaitStatus, over bool, err error) {
	var end unix.Siginfo
	err = unix.Waitid(unix.P_PID, pid, &end, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != nil || end.Signo == 0 {
		return s, false, err
	}
	signalGroup(pid, unix.SIGKILL)
	_, err = unix.Wait4(pid, &s, 0, nil)
	return s, err == nil, err
}
