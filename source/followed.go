package source

import (
	"bytes"
	"io"
	"io/fs"
)

// file is what a follower needs of an open file; *os.File is one.
type file interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// followed is one file that is, or was, at the path that is followed.
type followed struct {
	file   file
	info   fs.FileInfo // its identity
	scan   *scanner
	offset int64  // it is read up to here
	size   int64  // when it was last looked at
	mark   []byte // the last bytes before offset
	stuck  bool   // the last read failed or brought nothing: not tried again before the next look
	failed bool   // the last read or check failed
	redone bool   // it holds other bytes than those read, in the same size or more
	quiet  int    // looks in a row that found nothing to read, since its writers moved on
}

// markSize is how many of the last bytes read are compared, to notice that a file
// was truncated and has grown beyond the old offset since.
const markSize = 64

// check looks at the size, and reports whether there is something to do.
func (f *followed) check() (bool, error) {
	if f.stuck {
		return false, nil
	}
	info, err := f.file.Stat()
	if err != nil {
		return false, f.fail(err)
	}
	f.size = info.Size()
	return f.size != f.offset || f.redone, nil
}

// fail remembers an error, and returns it when it is the first in a row.
func (f *followed) fail(err error) error {
	if f.failed {
		err = nil
	}
	f.stuck, f.failed = true, true
	return err
}

// read returns the lines that are complete with the next block. truncated says that it
// begins again instead.
func (f *followed) read() (lines []line, truncated bool, err error) {
	if f.redone || f.size < f.offset || !f.marked() {
		return f.restart(), true, nil
	}
	room := f.scan.room()
	n, err := f.file.ReadAt(room, f.offset)
	f.offset += int64(n)
	f.remember(room[:n])
	lines = f.scan.take(n)
	if err != nil && err != io.EOF {
		return lines, false, f.fail(err)
	}
	f.stuck, f.failed = n == 0, false
	return lines, false, nil
}

// marked reports whether the bytes before offset are those that were read.
func (f *followed) marked() bool {
	var now [markSize]byte
	before := now[:len(f.mark)]
	_, err := f.file.ReadAt(before, f.offset-int64(len(f.mark)))
	return err != nil || bytes.Equal(before, f.mark) // an error is for the read to find
}

func (f *followed) remember(data []byte) {
	data = data[max(0, len(data)-markSize):]
	f.mark = append(f.mark, data...)
	f.mark = append(f.mark[:0], f.mark[max(0, len(f.mark)-markSize):]...)
}

// restart begins with the file anew and returns what was held of an unfinished line.
func (f *followed) restart() []line {
	lines := f.scan.rest()
	f.offset, f.mark, f.scan.at, f.redone = 0, f.mark[:0], 0, false
	return lines
}

// toEnd skips what is in the file.
func (f *followed) toEnd() error {
	f.offset = f.info.Size()
	f.size, f.scan.at = f.offset, f.offset
	mark := make([]byte, min(markSize, f.offset))
	n, err := f.file.ReadAt(mark, f.offset-int64(len(mark)))
	if err == io.EOF {
		err = nil
	}
	f.mark = mark[:n]
	return err
}

// look prepares for the reads until the next look. moved says that writers have moved on to a newer
// file: from then on it counts how long there has been nothing to read, or nothing
// that can be read.
func (f *followed) look(moved bool) error {
	f.stuck, f.redone = false, !f.marked()
	more, err := f.check()
	f.quiet++
	if !moved || more && !f.failed {
		f.quiet = 0
	}
	return err
}
