package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// userHz is the unit of CPU time in /proc: a hundredth of a second on every Linux of today.
const userHz = 100

// processRSS returns how many bytes of a process are resident.
func processRSS(pid int) (int64, error) {
	pages, err := procField(pid, "statm", 1)
	return pages * int64(os.Getpagesize()), err
}

// processCPU returns the CPU time that a process has used, its own and the kernel's for it: proc(5), stat, fields 14 and 15. Those are
// counted from the end of the name, the second, which may have spaces in it.
func processCPU(pid int) (time.Duration, error) {
	user, err := procField(pid, "stat", 11)
	if err != nil {
		return 0, err
	}
	system, err := procField(pid, "stat", 12)
	return time.Duration(user+system) * time.Second / userHz, err
}

// procField returns field n, from 0, of what comes after the name, if there is one.
func procField(pid int, file string, n int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= n {
		return 0, fmt.Errorf("/proc/%d/%s has %d fields, not %d", pid, file, len(fields), n+1)
	}
	return strconv.ParseInt(string(fields[n]), 10, 64)
}
