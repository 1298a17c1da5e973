package jetstream

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// sourceFeed is the goroutine of a reader, and the messages that wait between the two. Fields without a word are the
// goroutine's own.
type sourceFeed struct {
	source    *source
	partition int
	ready     func()
	watch     sourceWatch
	next      uint64 // the sequence to go on with; 0 when that is not known yet
	past      sourcePast
	conn      *sourceConn

	mu struct {
		sync.Mutex
		waiting []Message
		bytes   int
		over    error // what is to be said after waiting: io.EOF, or what is wrong for good; nil while it goes on
	}
	drawn       chan struct{} // there may be room again
	reconnected chan struct{}
	ctx         context.Context
	cancel      context.CancelFunc
	ended       chan struct{}
}

const (
	retryWait    = 100 * time.Millisecond // before another try
	requestTime  = 5 * time.Second        // for an answer of the server
	farewellTime = 500 * time.Millisecond // for the answer to the removal of a consumer
)

func newSourceFeed(s *source, ready func()) *sourceFeed {
	f := &sourceFeed{source: s, ready: ready, watch: sourceWatch{stream: s.o.Stream}}
	f.drawn, f.reconnected, f.ended = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// stop ends the goroutine, and waits until it has ended.
func (f *sourceFeed) stop() {
	f.cancel()
	<-f.ended
}

// errAgain begins again, as something normal.
var errAgain = errors.New("the reading begins again")

// run reads until the end, beginning again whenever something is in doubt.
func (f *sourceFeed) run() {
	defer close(f.ended)
	defer func() {
		if f.conn != nil {
			f.conn.release(f)
		}
	}()
	for {
		err := f.read()
		switch {
		case f.ctx.Err() != nil:
			return
		case !errors.Is(err, errAgain) && !passing(err):
			f.finish(err)
			return
		case err != errAgain:
			f.watch.trouble(err)
		}
		select {
		case <-time.After(retryWait):
		case <-f.ctx.Done():
			return
		}
	}
}

// read reads through one consumer, and returns why it can't go on, or io.EOF.
func (f *sourceFeed) read() (err error) {
	if f.conn == nil {
		if f.conn, err = connect(f.source.o.Access, f); err != nil {
			return err
		}
	}
	p, err := f.bind()
	if err != nil {
		return err
	}
	defer p.remove()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if err := p.ask(); err != nil {
			return err
		}
		select {
		case m := <-p.in:
			err = p.receive(m)
		case <-f.drawn:
		case now := <-ticker.C:
			err = p.look(now)
		case <-f.reconnected:
			err = errAgain
		case <-f.ctx.Done():
			err = f.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// finish ends the reading, with io.EOF or an error.
func (f *sourceFeed) finish(why error) {
	if why != io.EOF {
		why = f.source.explain(why)
	}
	f.mu.Lock()
	f.mu.over = why
	f.mu.Unlock()
	f.ready()
}

// add has messages wait to be read.
func (f *sourceFeed) add(messages []Message) {
	if len(messages) == 0 {
		return
	}
	f.mu.Lock()
	first := len(f.mu.waiting) == 0
	f.mu.waiting = append(f.mu.waiting, messages...)
	for i := range messages {
		f.mu.bytes += len(messages[i].Data)
	}
	f.mu.Unlock()
	if first {
		f.ready()
	}
}

// room is how many messages may be asked for: none, or at least half of what may wait.
func (f *sourceFeed) room() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := f.source.o.Prefetch - len(f.mu.waiting)
	if room < (f.source.o.Prefetch+1)/2 || f.mu.bytes > maxWaiting/2 {
		return 0
	}
	return room
}

// take appends at most max messages that wait.
func (f *sourceFeed) take(records []Message, max int) ([]Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(max, len(f.mu.waiting))
	records = append(records, f.mu.waiting[:n]...)
	for i := range f.mu.waiting[:n] {
		f.mu.bytes -= len(f.mu.waiting[i].Data)
		f.mu.waiting[i] = Message{}
	}
	if f.mu.waiting = f.mu.waiting[n:]; len(f.mu.waiting) <= f.source.o.Prefetch/2 && n > 0 {
		nudge(f.drawn)
	}
	if len(f.mu.waiting) == 0 {
		return records, f.mu.over
	}
	return records, nil
}
