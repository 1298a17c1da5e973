package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// server writes a log as a web server does, and rotates it as its administrator may. Each
// line has its number: as its size, or, in every seventh, which is malformed, as its text.
type server struct {
	path      string
	file      *os.File
	lines     int64
	malformed int64
	rotations int
}

func (s *server) open() (err error) {
	s.file, err = os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// write appends lines, each in two writes.
func (s *server) write(n int) error {
	for range n {
		s.lines++
		line := s.line()
		for _, part := range []string{line[:len(line)/2], line[len(line)/2:]} {
			if _, err := s.file.WriteString(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *server) line() string {
	if s.lines%7 == 0 {
		s.malformed++
		return fmt.Sprintf("malformed %d\n", s.lines)
	}
	e := entry{host: "2001:db8::1", at: after(int(s.lines / 100)), request: "GET /a HTTP/1.1", status: 502, bytes: s.lines}
	return e.String() + "\n"
}

// rotate renames the log, and goes on to write to it for a while, as servers do until they are told.
func (s *server) rotate() error {
	s.rotations++
	if err := os.Rename(s.path, fmt.Sprint(s.path, ".", s.rotations)); err != nil {
		return err
	}
	return inTurn(func() error { return s.write(50) }, s.file.Close, s.open)
}

// truncate empties the log in place, as logrotate does with copytruncate.
func (s *server) truncate() error { return os.Truncate(s.path, 0) }

// arrivals counts how often each line has arrived in a bolt behind "parse".
type arrivals struct {
	parse topology.TaskID
	times map[int64]int // on the goroutine of "parse" alone, until the run has ended
}

func (a *arrivals) Emitted(task topology.TaskID, s *topology.Stream, values []topology.Value) {
	if task != a.parse {
		return
	}
	var n int64
	if s.Name == topology.DefaultStream {
		n, _ = values[s.Index("bytes")].AsInt()
	} else {
		letter, _ := values[s.Index("values")].AsList()
		fmt.Sscanf(letter[0].(string), "malformed %d", &n)
	}
	a.times[n]++
}

func (a *arrivals) Executed(topology.TaskID, *topology.Tuple, error) {}
func (a *arrivals) Completed(topology.TaskID, any, error)            {}

// follower is a run of the topology on the server's log.
type follower struct {
	log    *server
	worker *worker.Worker
	seen   *arrivals
	out    *output
}

func newFollower(t *testing.T) *follower {
	f := &follower{log: &server{path: filepath.Join(t.TempDir(), "access.log")}, out: &output{}}
	o := defaults(t)
	o.file, o.interval = f.log.path, 2*time.Millisecond
	topo, err := accesslog(o, f.out).Build()
	require.NoError(t, err)
	f.seen = &arrivals{parse: topo.Tasks("parse")[0], times: map[int64]int{}}
	f.worker, err = worker.New(topo, worker.Options{Observer: f.seen})
	require.NoError(t, err)
	return f
}

// wait waits until the figures are as they should be.
func (f *follower) wait(what string, ready func(worker.Snapshot) bool) error {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	patience := time.After(30 * time.Second)
	for !ready(f.worker.Snapshot()) {
		select {
		case <-look.C:
		case <-patience:
			return fmt.Errorf("waited in vain until %s: %d lines were written, %d are through", what, f.log.lines, figures(f.worker.Snapshot(), "tail").Acked)
		}
	}
	return nil
}

func (f *follower) opened() error {
	return f.wait("it runs", func(s worker.Snapshot) bool { return s.State == "running" })
}

// caughtUp waits until all that was written is through. When more is, it waits in vain.
func (f *follower) caughtUp() error {
	return f.wait("it has caught up", func(s worker.Snapshot) bool { return figures(s, "tail").Acked == f.log.lines })
}

// rounds has the log rotated and truncated so many times.
func (f *follower) rounds(n int) error {
	write := func(n int) func() error { return func() error { return f.log.write(n) } }
	if err := inTurn(f.opened, f.log.open); err != nil {
		return err
	}
	for range n {
		err := inTurn(write(200), f.log.rotate, write(200),
			f.caughtUp, // what is truncated before it was read is lost by its nature
			f.log.truncate, write(100))
		if err != nil {
			return err
		}
	}
	return inTurn(f.caughtUp, f.log.file.Close)
}

func TestFollowsAcrossRotationAndTruncation(t *testing.T) {
	const rounds = 5
	f := newFollower(t)
	require.NoError(t, os.WriteFile(f.log.path, nil, 0o644))
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() {
		defer cancel()
		written <- f.rounds(rounds)
	}()
	require.NoError(t, f.worker.Run(ctx))
	require.NoError(t, <-written)

	require.EqualValues(t, rounds*550, f.log.lines)
	for n := range f.log.lines {
		require.Equal(t, 1, f.seen.times[n+1], "line %d", n+1)
	}
	s := f.worker.Snapshot()
	require.Equal(t, f.log.malformed, counter(s, "dead", "lines.malformed"))
	require.Equal(t, f.log.lines-f.log.malformed, figures(s, "rates").Acked)
	require.EqualValues(t, rounds, counter(s, "tail", "files.truncated"))
	require.Zero(t, figures(s, "tail").Failed+figures(s, "tail").TimedOut)
	require.Contains(t, strings.Join(f.out.lines(), "\n"), "FIRING   errors /a: 20 of 20 requests (100.0 %)")
}

// inTurn takes one step after the other, up to the first error.
func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
