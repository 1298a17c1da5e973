package supervisor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/galestream/gale/cluster"
)

// lineBytes is how much of a line is sent.
const lineBytes = 16 << 10

// cutMark ends a line of which not all is sent.
const cutMark = "… [cut]"

// line is a line of a log.
type line struct {
	text  []byte // without its end, cut; valid until the next
	bytes int64  // that it has in the file, with its end
}

// lines reads the lines from an offset on. A last line without an end is one only if the page is complete.
func (p page) lines(from int64, complete bool) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(p.f, from, p.size-from), 64<<10)
		var text []byte
		for {
			l, err := readLine(r, text[:0])
			text = l.text
			if errors.Is(err, io.EOF) {
				if complete && l.bytes > 0 {
					yield(l, nil)
				}
				return
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// readLine reads a line into text. io.EOF says that it has no end.
func readLine(r *bufio.Reader, text []byte) (line, error) {
	l := line{text: text}
	for {
		part, err := r.ReadSlice('\n')
		l.bytes += int64(len(part))
		part = bytes.TrimSuffix(part, []byte("\n"))
		if room := lineBytes - len(l.text); len(part) > room && room >= 0 {
			l.text = append(append(l.text, part[:room]...), cutMark...)
		} else if room >= 0 {
			l.text = append(l.text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l, err
		}
	}
}

// filter reports whether a line is wanted.
type filter func(line []byte) bool

// newFilter returns the filter of a component and a regular expression, either of which may be empty. A line of a component
// names it as zap does, in both of its formats.
func newFilter(component, grep string) (filter, error) {
	ofComponent, err := regexp.Compile(`"component": ?"` + regexp.QuoteMeta(component) + `"`)
	if err != nil {
		return nil, err
	}
	pattern, err := regexp.Compile(grep)
	if err != nil {
		return nil, cluster.Errorf(cluster.Invalid, "grep: %v", err)
	}
	return func(line []byte) bool {
		return (component == "" || ofComponent.Match(line)) && (grep == "" || pattern.Match(line))
	}, nil
}

// position is a place in a log that lives through rotations: a file by its inode, an offset, and a checksum of the file's
// beginning, which tells it from a file that has got the same inode later.
type position struct {
	inode  uint64
	offset int64
	mark   uint32
}

// String returns the form in which clients keep it.
func (p position) String() string { return fmt.Sprintf("%x.%x.%x", p.inode, p.offset, p.mark) }

func parsePosition(s string) (position, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return position{}, noPosition(s)
	}
	inode, err1 := strconv.ParseUint(parts[0], 16, 64)
	offset, err2 := strconv.ParseInt(parts[1], 16, 64)
	mark, err3 := strconv.ParseUint(parts[2], 16, 32)
	if errors.Join(err1, err2, err3) != nil || offset < 0 {
		return position{}, noPosition(s)
	}
	return position{inode, offset, uint32(mark)}, nil
}

func noPosition(s string) error {
	return cluster.Errorf(cluster.Invalid, "from is %q, which is no position: give back what `next` of the answer before was", s)
}
