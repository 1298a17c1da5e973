package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// bootID tells the boots of the machine apart.
var bootID = sync.OnceValues(func() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id)), err
})

// startField is where proc(5) has the start time, counted after the command's closing parenthesis.
const startField = 22 - 3

var errShortStat = errors.New("the process' stat has too few fields")

// identify returns what tells a process from all others that have or had its PID: the boot, and the time of its
// start in ticks since then, which no setting of the clock changes. ended reports that it is a zombie.
func identify(pid int) (identity string, ended bool, err error) {
	boot, err := bootID()
	if err != nil {
		return "", false, err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= startField {
		return "", false, errShortStat
	}
	ended = fields[0] == "Z" || fields[0] == "X"
	return boot + "/" + fields[startField], ended, nil
}
