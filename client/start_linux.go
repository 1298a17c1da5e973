package client

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

// startField is where proc(5) has the start time, counted after the command's closing parenthesis.
const startField = 22 - 3

// startOf returns when a process has started: the boot of the machine, and the ticks since then, which no setting of the clock changes.
func startOf(pid int) (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= startField {
		return "", errors.New("the process' stat has too few fields")
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[startField], nil
}
