package client

import (
	"bytes"
	"strings"
)

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

const maxTail = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	t.kept = bytes.Clone(t.kept[max(len(t.kept)-maxTail, 0):])
	return len(p), nil
}

func (t *tail) lines() []string {
	if len(t.kept) == 0 {
		return nil
	}
	return lines(t.kept)
}

const maxOutputLines = 40 // of a compiler or a program, in an error

// lines returns the last lines of an output.
func lines(out []byte) []string {
	all := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	return all[max(len(all)-maxOutputLines, 0):]
}
