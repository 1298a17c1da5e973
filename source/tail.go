package source

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/galestream/gale/topology"
)

// TailFields are the fields that [Tail] emits: line is the text (a string), file the path that
// is followed, offset where the line begins in its file, in bytes from 0 (an int64).
var TailFields = []string{"line", "file", "offset"}

// TailOptions are what can be chosen about [Tail]. The zero value is ready.
type TailOptions struct {
	// FromStart has what is in the file already when the spout opens emitted, too.
	FromStart bool
	// Interval is how often the file is looked at, at least a millisecond; 0
	// means 250 ms.
	Interval time.Duration
	// MaxLine is as in [LinesOptions].
	MaxLine int
}

const (
	defaultInterval = 250 * time.Millisecond
	// lingering is how long a rotated file must have been quiet before it is let go.
	lingering = 2 * time.Second
)

// Tail returns the factory of a spout that emits what is appended to the file at the path,
// for ever, as tail -F does: across renaming, deletion and truncation, and when the file does not
// exist yet. It begins at the end that the file has when the spout opens (in the middle
// of a line, if that is where it ends), and with every later file at its beginning.
// A line is emitted when its line end is there. The spout's stream must be declared with
// [TailFields].
//
// It looks at the path at intervals. A renamed or deleted file is read on until a newer one
// has content and it has itself been quiet for 2 seconds, so nothing that is written to it
// before or after the renaming is lost. Lines of one writer come in the order written. What it
// can't see is a file that comes and is renamed or deleted again between two looks.
//
// When a file is truncated, it is read from its beginning again. What was written
// between the last read and the truncation is lost, as the truncation destroys it. A
// truncation is noticed by the size, and, when the file has grown beyond its old size since, by
// the last 64 bytes that were read; so a file that is rewritten instead of appended to
// comes again as a whole.
//
// When a file is truncated or let go, what it has of a line without its end is emitted as a line.
//
// One task reads, the first; any others have nothing to do. While the topology does not take what
// is read, reading stops; up to 15 files that are rotated away meanwhile are kept open
// and read later.
func Tail(path string) func() topology.Spout { return TailWith(TailOptions{}, path) }

// TailWith is [Tail] with options. Open fails when they are out of range, and when the
// path is that of a folder, a pipe or a device.
func TailWith(options TailOptions, path string) func() topology.Spout {
	return func() topology.Spout { return &tailSpout{options: options, path: path} }
}

type tailSpout struct {
	options TailOptions
	path    string
	wake    func()
	blocks  chan []line // nil in tasks that have nothing to do
	stop    chan struct{}
	ended   chan struct{}
	outbox
}

// Open implements [topology.Opener]. Where the file ends now is found out here, so what is
// appended after Open is emitted.
func (s *tailSpout) Open(_ context.Context, tc *topology.Context) error {
	maxLine, err := s.check()
	if err != nil {
		return topology.Fatal(err)
	}
	if tc.Index > 0 {
		return nil
	}
	w, err := s.newFollower(newTally(tc, maxLine))
	if err != nil {
		return err
	}
	s.wake = tc.Wake
	s.blocks = make(chan []line, waiting)
	s.stop, s.ended = make(chan struct{}), make(chan struct{})
	go s.follow(w)
	return nil
}

func (s *tailSpout) check() (maxLine int, err error) {
	if s.options.Interval == 0 {
		s.options.Interval = defaultInterval
	}
	if s.options.Interval < time.Millisecond {
		return 0, fmt.Errorf("the option Interval is %v; it must be at least 1ms, or 0 for %v", s.options.Interval, defaultInterval)
	}
	if info, err := os.Stat(s.path); err == nil && !info.Mode().IsRegular() {
		return 0, notRegular(s.path, info)
	}
	return maxLineOf(s.options.MaxLine)
}

func (s *tailSpout) newFollower(t *tally) (*follower, error) {
	w := &follower{path: s.path, tally: t, open: openFollowed}
	w.linger = int(lingering / s.options.Interval)
	w.look()
	if len(w.files) == 0 && w.trouble == "" {
		t.report(fmt.Errorf("%s does not exist yet: waiting for it", s.path))
	}
	if len(w.files) == 0 || s.options.FromStart {
		return w, nil
	}
	if err := w.files[0].toEnd(); err != nil {
		w.close()
		return nil, readError(s.path, err)
	}
	return w, nil
}

func openFollowed(path string) (file, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err // not f: a nil *os.File would be a file
	}
	return f, nil
}

// always is ready to receive from.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// follow is the goroutine that owns the follower. It goes on to look while nobody takes what
// it has read, so that it sees each rotation.
func (s *tailSpout) follow(w *follower) {
	defer close(s.ended)
	defer w.close()
	tick := time.NewTicker(s.options.Interval)
	defer tick.Stop()
	var lines []line
	for {
		more := false
		if len(lines) == 0 {
			lines, more = w.read()
		}
		var blocks chan<- []line
		var again <-chan struct{}
		switch {
		case len(lines) > 0:
			blocks = s.blocks
		case more:
			again = always
		}
		select {
		case blocks <- lines:
			lines = nil
			s.wake()
		case <-again: // a block without a line end
		case <-tick.C:
			w.look()
		case <-s.stop:
			return
		}
	}
}

// Next implements [topology.Spout]. It never blocks.
func (s *tailSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	if s.blocks == nil {
		return topology.ErrEnd
	}
	if s.empty() {
		select {
		case s.ready = <-s.blocks:
		default:
		}
	}
	s.emit(out)
	return nil
}

// Close implements [topology.Closer]: it ends the goroutine and waits for it.
func (s *tailSpout) Close() error {
	if s.blocks == nil {
		return nil
	}
	close(s.stop)
	<-s.ended
	return nil
}
