//go:build !linux

package supervisor

import (
	"slices"
	"strconv"

	"github.com/shirou/gopsutil/v4/process"
)

// identify returns what tells a process from all others that have or had its PID: the time of its start in
// milliseconds. ended reports that it is a zombie.
func identify(pid int) (identity string, ended bool, err error) {
	p := &process.Process{Pid: int32(pid)}
	status, err := p.Status()
	ended = err == nil && slices.Contains(status, process.Zombie)
	created, err := p.CreateTime()
	if err != nil {
		return "", ended, err
	}
	return strconv.FormatInt(created, 10), ended, nil
}
