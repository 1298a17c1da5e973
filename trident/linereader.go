package trident

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/galestream/gale/topology"
)

// lineBlock is how much is read at a time. Larger blocks cost no less per line, and pin more.
const lineBlock = 64 << 10

// traceSize is of how many of the last bytes that were read a position has the checksum.
const traceSize = 4 << 10

var traceTable = crc32.MakeTable(crc32.Castagnoli)

// lineReader reads the lines of a file. A position is the offset of the next line, a colon, and the CRC-32C of the last bytes before it, in hex.
type lineReader struct {
	file     *os.File
	path     string
	offset   int64  // of the next line to be given
	text     string // the lines from there on that were read already, each with its "\n", but perhaps the last of the file
	ended    bool   // nothing follows text
	tc       *topology.Context
	overlong *topology.Counter // nil until the reader is observed
}

// openRegular opens a regular file, and refuses a pipe or a device without waiting for its other end.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file (its mode is %s), and can't be read again", path, info.Mode())
	}
	if err != nil {
		_ = f.Close() // nothing was written to it
		return nil, err
	}
	return f, nil
}

// seek goes to a position, and looks whether the file is still the one that was read up to there.
func (r *lineReader) seek(after []byte) error {
	if after == nil {
		return nil
	}
	var trace uint32
	if n, err := fmt.Sscanf(string(after), "%d:%x", &r.offset, &trace); n != 2 || r.offset < 0 {
		return fmt.Errorf("%s: the position %.40q is none of a file: %w", r.path, after, err)
	}
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < r.offset {
		return fmt.Errorf("%s has %d bytes, and %d were read before: files must not become shorter", r.path, info.Size(), r.offset)
	}
	now, err := r.trace()
	if err == nil && now != trace {
		err = fmt.Errorf("%s is not what it was: the bytes before offset %d, up to which it was read, are others", r.path, r.offset)
	}
	return err
}

// trace is the checksum of the last bytes before the offset.
func (r *lineReader) trace() (uint32, error) {
	var room [traceSize]byte
	b := room[:min(traceSize, r.offset)]
	if _, err := r.file.ReadAt(b, r.offset-int64(len(b))); err != nil {
		return 0, fmt.Errorf("%s: bytes that were there before can't be read: %w", r.path, err)
	}
	return crc32.Checksum(b, traceTable), nil
}

// Observe implements [Observed].
func (r *lineReader) Observe(tc *topology.Context) {
	r.tc, r.overlong = tc, tc.Counter("lines.overlong")
}

// Close implements [Reader].
func (r *lineReader) Close() error { return r.file.Close() }

// Read implements [Reader].
func (r *lineReader) Read(records []string, max int) (more []string, position []byte, err error) {
	from := r.offset
	for n := 0; n < max && err == nil; {
		had := len(records)
		if records = r.cut(records, max-n); len(records) == had {
			err = r.fill()
		}
		n += len(records) - had
	}
	if err == nil && r.ended && r.text == "" {
		err = io.EOF
	}
	if r.offset == from || err != nil && err != io.EOF {
		return records, nil, err
	}
	trace, traceErr := r.trace()
	if traceErr != nil {
		return records, nil, traceErr
	}
	return records, fmt.Appendf(nil, "%d:%08x", r.offset, trace), err
}

// cut appends at most max lines of the text.
func (r *lineReader) cut(records []string, max int) []string {
	text := r.text
	for ; max > 0 && len(text) > 0; max-- {
		line, rest, _ := strings.Cut(text, "\n")
		records = append(records, strings.TrimSuffix(line, "\r"))
		text = rest
	}
	r.offset += int64(len(r.text) - len(text))
	r.text = text
	return records
}

// blocks are what files are read into.
var blocks = sync.Pool{New: func() any { return new([lineBlock]byte) }}

// fill reads the next lines. io.EOF says that there are none.
func (r *lineReader) fill() error {
	if r.ended {
		return io.EOF
	}
	block := blocks.Get().(*[lineBlock]byte)
	defer blocks.Put(block)
	n, err := r.readAt(block[:], r.offset)
	if err != nil {
		return err
	}
	if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
		r.text = string(block[:i+1])
		return nil
	}
	if r.ended = n < len(block); !r.ended {
		return r.long()
	}
	r.text = string(block[:n])
	return nil
}

// long reads a line that is longer than a block.
func (r *lineReader) long() error {
	b := make([]byte, maxLine+1)
	n, err := r.readAt(b, r.offset)
	if err != nil {
		return err
	}
	i := bytes.IndexByte(b[:n], '\n')
	switch {
	case i >= 0:
		r.text = string(b[:i+1])
	case n < len(b):
		r.text, r.ended = string(b[:n]), true
	default:
		return r.skip(b)
	}
	return nil
}

// skip goes behind a line that is longer than maxLine.
func (r *lineReader) skip(b []byte) error {
	for end := r.offset; ; end += int64(len(b)) {
		n, err := r.readAt(b, end)
		if err != nil {
			return err
		}
		i := bytes.IndexByte(b[:n], '\n')
		switch {
		case i >= 0:
			return r.leaveOut(end+int64(i), 1)
		case n < len(b):
			r.ended = true
			return r.leaveOut(end+int64(n), 0)
		}
	}
}

// leaveOut leaves out what is before an offset, and the line end.
func (r *lineReader) leaveOut(to, lineEnd int64) error {
	err := fmt.Errorf("%s: the line at offset %d has %d bytes; the longest that is read has %d", r.path, r.offset, to-r.offset, maxLine)
	if r.overlong == nil {
		return err
	}
	r.overlong.Add(1)
	r.tc.Report(err)
	r.offset = to + lineEnd
	return nil
}

// readAt reads as much as there is room for or the file has.
func (r *lineReader) readAt(b []byte, offset int64) (int, error) {
	n, err := r.file.ReadAt(b, offset)
	if err == io.EOF {
		err = nil
	}
	return n, err
}
