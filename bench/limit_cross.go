package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/nats-io/nats.go"
)

// crossLimit is the bare loop of the cases across processes: the two ends of it, and a nats-server between them. No runtime, no
// routes, no resends, no checks; a tuple on the wire is its slot, its edge and its values.
type crossLimit struct {
	*hub
	ends []*endProcess
}

// newCrossLimit starts the receiver first: core NATS drops what nobody listens to.
func newCrossLimit(kind string, p plan) (l load, err error) {
	c := &crossLimit{}
	defer func() { err = unlessStarted(err, c.stop) }()
	if c.hub, err = startHub(); err != nil {
		return nil, err
	}
	for _, role := range []string{"null", "source"} {
		e, err := startEnd(role, member{Kind: kind, Plan: p}, c.server.URL())
		if err != nil {
			return nil, err
		}
		c.ends = append(c.ends, e)
	}
	return newCrossLoad(kind, c.nc, c.stop), nil
}

func (c *crossLimit) stop() (err error) {
	for _, e := range c.ends {
		err = errors.Join(err, e.stop())
	}
	return errors.Join(err, c.hub.stop())
}

// endVariable says which end of the bare loop a process is: "source" or "null".
const endVariable = "BENCH_END"

// endProcess is a process that is an end, until its standard input is closed: so it also ends with this one.
type endProcess struct {
	command *exec.Cmd
	stdin   io.Closer
}

// startEnd returns when the end is ready.
func startEnd(role string, m member, url string) (*endProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), endVariable+"="+role, memberVariable+"="+m.String(), urlVariable+"="+url)
	c.Stderr = os.Stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	e := &endProcess{c, stdin}
	if _, err := io.ReadFull(stdout, make([]byte, len(endReady))); err != nil {
		return nil, errors.Join(fmt.Errorf("the bare loop's %s did not become ready: %w", role, err), e.stop())
	}
	return e, nil
}

func (e *endProcess) stop() error { return errors.Join(e.stdin.Close(), e.command.Wait()) }

// endReady is what an end prints when it is ready.
const endReady = "ready\n"

// end is one of the two.
type end interface {
	run() error
	tally() any
}

// runEnd is the life of such a process.
func runEnd(role string) error {
	m, err := readMember()
	if err != nil {
		return err
	}
	nc, err := nats.Connect(os.Getenv(urlVariable))
	if err != nil {
		return err
	}
	e, err := newEnd(role, m, nc)
	if err != nil {
		return err
	}
	if err := errors.Join(answer(role, e.tally), nc.Flush()); err != nil {
		return err
	}
	over := make(chan error, 2)
	go func() { over <- e.run() }()
	go func() { _, err := io.Copy(io.Discard, os.Stdin); over <- err }()
	if _, err := os.Stdout.WriteString(endReady); err != nil {
		return err
	}
	return <-over
}

func newEnd(role string, m member, nc *nats.Conn) (end, error) {
	if role == "null" {
		return newCrossSink(m, nc)
	}
	return newCrossSource(m, nc)
}

// What the ends send each other.
const (
	frameSubject = "bench.frame"
	ackSubject   = "bench.ack"
	frameSize    = 32 << 10 // bytes; a frame is sent when it has that many
	headSize     = 4 + 8    // bytes of a slot and an edge, or of a slot and an XOR
)

// messages subscribes with room for as many messages as can be on their way.
func messages(nc *nats.Conn, subject string) (<-chan *nats.Msg, error) {
	c := make(chan *nats.Msg, crossPending)
	_, err := nc.ChanSubscribe(subject, c)
	return c, err
}
