package supervisor

import (
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"

	"github.com/galestream/gale/cluster"
)

// Limits of an answer: of its lines, as JSON, and of what is read of the logs for it.
const (
	answerBytes = 500 << 10
	scanBytes   = 64 << 20
	defaultTail = 100
)

// logbook is the log of a worker as it was when it was opened: its files from the oldest to the one that is written. The
// worker may rotate them meanwhile.
type logbook struct {
	pages []page
	limit int64 // bytes that a file has before it is rotated
	final bool  // nothing comes any more: a last line without an end is one all the same
}

// page is a file of a log.
type page struct {
	f     *os.File
	inode uint64
	size  int64
}

// openLogbook opens the files, the newest first: one that is rotated meanwhile is found again, and none is missed.
func openLogbook(root *os.Root, files int, limit int64, final bool) (*logbook, error) {
	b := &logbook{limit: limit, final: final}
	for i := range files {
		p, err := openPage(root, logName(i))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			b.close()
			return nil, err
		}
		b.add(p)
	}
	slices.Reverse(b.pages)
	return b, nil
}

func openPage(root *os.Root, name string) (page, error) {
	f, err := openRegular(root, name)
	if err != nil {
		return page{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return page{}, err
	}
	return page{f, inode(info), info.Size()}, nil
}

func (b *logbook) add(p page) {
	if slices.ContainsFunc(b.pages, func(q page) bool { return q.inode == p.inode }) {
		p.f.Close()
		return
	}
	b.pages = append(b.pages, p)
}

func (b *logbook) close() {
	for _, p := range b.pages {
		p.f.Close()
	}
}

// complete reports whether the page gets no further lines.
func (b *logbook) complete(i int) bool { return b.final || i < len(b.pages)-1 }

// follow returns the lines from a position on.
func (b *logbook) follow(from position, match filter) (*cluster.LogsResponse, error) {
	i, skipped := b.find(&from)
	answer := &cluster.LogsResponse{Lines: []string{}, Next: from.String(), Skipped: skipped}
	fill := &filling{answer: answer, match: match, room: answerBytes, scan: scanBytes}
	for ; i >= 0 && i < len(b.pages) && !answer.More; i++ {
		end := from.offset
		for line, err := range b.pages[i].lines(from.offset, b.complete(i)) {
			if err != nil {
				return nil, err
			}
			if !fill.take(line) {
				break
			}
			end += line.bytes
		}
		if err := b.at(i, end, answer); err != nil {
			return nil, err
		}
		from.offset = 0
	}
	return answer, nil
}

// filling is an answer that is being filled.
type filling struct {
	answer *cluster.LogsResponse
	match  filter
	room   int   // bytes that its lines may have still
	scan   int64 // bytes that may be read still
}

// take takes a line, unless the answer is full: then there is more.
func (f *filling) take(l line) bool {
	cost := 0
	wanted := f.match(l.text)
	if wanted {
		cost = costOf(l.text)
	}
	if f.answer.More = cost > f.room || f.scan <= 0; f.answer.More {
		return false
	}
	if wanted {
		f.answer.Lines = append(f.answer.Lines, string(l.text))
	}
	f.room -= cost
	f.scan -= l.bytes
	return true
}

// find returns the page of the position, or the oldest if it is not there any more: then at least the returned number of
// bytes was lost, and the position becomes the beginning of that page.
func (b *logbook) find(at *position) (i int, skipped int64) {
	i = slices.IndexFunc(b.pages, func(p page) bool {
		if p.inode != at.inode || p.size < at.offset {
			return false
		}
		mark, err := p.mark(at.offset)
		return err == nil && mark == at.mark
	})
	if i >= 0 || len(b.pages) == 0 {
		return i, 0
	}
	skipped = max(1, b.limit-at.offset)
	*at = position{inode: b.pages[0].inode}
	return 0, skipped
}

// at sets where an answer ends.
func (b *logbook) at(i int, offset int64, answer *cluster.LogsResponse) error {
	mark, err := b.pages[i].mark(offset)
	answer.Next = position{b.pages[i].inode, offset, mark}.String()
	return err
}

// markBytes is how much of a file's beginning tells it from one that has got its inode later.
const markBytes = 64

func (p page) mark(offset int64) (uint32, error) {
	begin := make([]byte, min(offset, markBytes))
	if _, err := p.f.ReadAt(begin, 0); err != nil {
		return 0, err
	}
	return crc32.ChecksumIEEE(begin), nil
}

// tail returns the last n lines that match, as far as they fit.
func (b *logbook) tail(n int, match filter) (*cluster.LogsResponse, error) {
	orDefault(&n, defaultTail)
	answer := &cluster.LogsResponse{Lines: []string{}}
	room, scan := answerBytes, int64(scanBytes)
	for i := len(b.pages) - 1; i >= 0 && len(answer.Lines) < n && room > 0 && scan > 0; i-- {
		last := &tail{n: n - len(answer.Lines), room: room}
		end, err := b.tailOf(i, match, last, scan)
		if err != nil {
			return nil, err
		}
		if answer.Next == "" {
			if err := b.at(i, end, answer); err != nil {
				return nil, err
			}
		}
		answer.Lines = append(last.lines, answer.Lines...)
		room, scan = last.left(), scan-b.pages[i].size
	}
	return answer, nil
}

// tailOf adds the lines of a page to last, and returns where they end. Of a page that is longer than scan only the end is read: its first
// line may be the rest of one.
func (b *logbook) tailOf(i int, match filter, last *tail, scan int64) (end int64, err error) {
	end = max(0, b.pages[i].size-scan)
	whole := end == 0
	for line, err := range b.pages[i].lines(end, b.complete(i)) {
		if err != nil {
			return 0, err
		}
		end += line.bytes
		if whole && match(line.text) {
			last.add(string(line.text))
		}
		whole = true
	}
	return end, nil
}

// tail is the last lines of those that are added, of a number and a cost.
type tail struct {
	lines []string
	costs []int
	n     int
	room  int // what is left of the cost
	full  bool
}

func (t *tail) add(line string) {
	cost := costOf([]byte(line))
	t.lines, t.costs, t.room = append(t.lines, line), append(t.costs, cost), t.room-cost
	for len(t.lines) > t.n || t.room < 0 {
		t.full = t.full || t.room < 0
		t.room += t.costs[0]
		t.lines, t.costs = t.lines[1:], t.costs[1:]
	}
}

// left returns the room for older lines: none when lines of this page had no room.
func (t *tail) left() int {
	if t.full {
		return 0
	}
	return t.room
}

// costOf returns how many bytes a line takes in an answer.
func costOf(line []byte) int {
	quoted, err := json.Marshal(string(line))
	if err != nil {
		return len(line) * 6
	}
	return len(quoted) + 1
}
