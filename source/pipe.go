package source

import (
	"errors"
	"io"
	"time"
)

// waiting is how many blocks may wait between a goroutine that reads and its spout.
// When there are as many, it reads no further, and so does whoever writes.
const waiting = 4

// errNothingYet says that there are no lines now, and that the spout is woken
// when there are.
var errNothingYet = errors.New("nothing yet")

// pipe reads the lines of a source that may block, by a goroutine of its own.
type pipe struct {
	in     io.Reader
	scan   *scanner
	wake   func()
	blocks chan []line
	err    error // why blocks was closed; read it after that
	stop   chan struct{}
	ended  chan struct{}
}

func newPipe(in io.Reader, scan *scanner, wake func()) *pipe {
	p := &pipe{in: in, scan: scan, wake: wake}
	p.blocks = make(chan []line, waiting)
	p.stop, p.ended = make(chan struct{}), make(chan struct{})
	go p.run()
	return p
}

// next implements reader. It never blocks.
func (p *pipe) next() ([]line, error) {
	select {
	case lines, ok := <-p.blocks:
		if !ok {
			return nil, p.err
		}
		return lines, nil
	default:
		return nil, errNothingYet
	}
}

// Close ends the goroutine and waits for it, where the read that it is in can be
// interrupted: see [LinesOptions.Stdin]. The source itself stays open.
func (p *pipe) Close() error {
	close(p.stop)
	in, ok := p.in.(interface{ SetReadDeadline(time.Time) error })
	if !ok || in.SetReadDeadline(time.Unix(1, 0)) != nil {
		return nil //nolint:nilerr // it has no deadlines: see LinesOptions.Stdin
	}
	<-p.ended
	return in.SetReadDeadline(time.Time{})
}

func (p *pipe) run() {
	defer close(p.ended)
	for p.err == nil {
		var n int
		n, p.err = p.in.Read(p.scan.room())
		lines := p.scan.take(n)
		if p.err != nil {
			lines = append(lines, p.scan.rest()...)
		}
		if !p.send(lines) {
			return
		}
	}
	close(p.blocks)
	p.wake()
}

// send hands the lines over, and is false when the spout was closed. None are sent too:
// while a long line goes by, that is where Close is noticed.
func (p *pipe) send(lines []line) bool {
	select {
	case <-p.stop:
		return false
	case p.blocks <- lines:
		p.wake()
		return true
	}
}
