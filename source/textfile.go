package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// sniffed is how much of a file is searched for a NUL byte.
const sniffed = 8 << 10

var errBinary = errors.New("not a text file")

// textFile reads the lines of a regular file.
type textFile struct {
	file *os.File
	scan *scanner
	read bool // something was read
}

// openRegular opens a regular file, and refuses a pipe or a device without waiting
// for its other end.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(path, info)
	}
	if err != nil {
		_ = f.Close() // nothing was written to it
		return nil, err
	}
	return f, nil
}

func notRegular(path string, info fs.FileInfo) error {
	return fmt.Errorf("%s is not a regular file (its mode is %s)", path, info.Mode())
}

// next implements reader. Regular files are read on the task's own goroutine: they
// are ready at once, or as near as the system can tell.
func (t *textFile) next() ([]line, error) {
	room := t.scan.room()
	n, err := t.file.Read(room)
	if !t.read && bytes.IndexByte(room[:min(n, sniffed)], 0) >= 0 {
		return nil, errBinary
	}
	t.read = true
	lines := t.scan.take(n)
	if err == io.EOF {
		lines = append(lines, t.scan.rest()...)
	}
	return lines, err
}

// Close implements reader.
func (t *textFile) Close() error { return t.file.Close() }
