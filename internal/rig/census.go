package rig

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// marked returns the ids of the processes that bear the mark, in ascending order. Those that have ended and were not waited for have no environment any more.
func marked(mark string) ([]int, error) {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	want := []byte(markVariable + "=" + mark)
	var pids []int
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", d.Name(), "environ"))
		if err != nil {
			continue // it is another user's, or has ended meanwhile
		}
		if slices.ContainsFunc(bytes.Split(env, []byte{0}), func(v []byte) bool { return bytes.Equal(v, want) }) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// stopped reports whether all threads of the process are stopped by a signal, which reaches one after the other.
func stopped(pid int) bool {
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	if err != nil || len(threads) == 0 {
		return false
	}
	return !slices.ContainsFunc(threads, func(stat string) bool {
		text, err := os.ReadFile(stat)
		state := bytes.LastIndexByte(text, ')') + 2 // after the name in parentheses, which may have any character
		return err != nil || state >= len(text) || text[state] != 'T'
	})
}
