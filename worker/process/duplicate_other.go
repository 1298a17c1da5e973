//go:build unix && !linux

package process

import "golang.org/x/sys/unix"

// duplicate makes fd to the same file as fd from.
func duplicate(from, to int) error { return unix.Dup2(from, to) }
