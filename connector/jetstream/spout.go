package jetstream

import (
	"context"
	"time"

	"github.com/galestream/gale/topology"
)

// Fields are the fields that [Spout] emits: subject is what the message was published on (a string), data its
// payload (a []byte, which must not be changed), sequence its number in the stream (an int64, from 1), time when the
// stream stored it (a time, UTC).
var Fields = []string{"subject", "data", "sequence", "time"}

// Spout returns the factory of a spout that emits the messages of a stream, each as the root of a tree. Its
// stream must be declared with [Fields]. The options say how it works; see the package for what is guaranteed.
//
// Open waits up to 30 s for a server that is away; it fails at once when the stream does not exist, the consumer
// can't be used, or the credentials are refused. Once open, the spout lives through everything; what is wrong is reported.
// A consumer that is removed meanwhile is made again, and begins as a new one does.
func Spout(o SpoutOptions) func() topology.Spout {
	return func() topology.Spout { return &spout{options: o} }
}

type spout struct {
	options SpoutOptions
	feed    *feed
	active  bool
	worker  context.Context // done when the worker stops at once
}

// Open implements [topology.Opener].
func (s *spout) Open(ctx context.Context, tc *topology.Context) error {
	s.worker, s.options = ctx, s.options.withDefaults(tc)
	if err := s.options.check(); err != nil {
		return topology.Fatal(err)
	}
	session, err := openSession(ctx, tc, s.options.Access)
	if err != nil {
		return err
	}
	var b binding
	var until uint64
	err = patiently(ctx, tc, func(ctx context.Context) (err error) {
		if until, err = lastSequence(ctx, session.js, s.options); err == nil {
			b, err = bind(ctx, session.js, s.options)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.feed = newFeed(session, tc, s.options, b.ackWait, until)
	return s.feed.start()
}

// Activate implements [topology.Activator]: messages are asked for from now on.
func (s *spout) Activate() {
	s.active = true
	s.feed.do(s.feed.resume)
}

// Deactivate implements [topology.Deactivator]: what is not emitted yet is given back, and what fails from now on
// is so at once, for others.
func (s *spout) Deactivate() {
	s.active = false
	var drained <-chan struct{}
	s.feed.do(func() { drained = s.feed.pause() })
	select {
	case <-drained:
	case <-time.After(farewell): // the server is away
	}
}

// Close implements [topology.Closer].
func (s *spout) Close() error {
	s.feed.stop()
	return nil
}

// burst is how many messages one Next emits at most: acks wait while Next runs.
const burst = 64

// Next implements [topology.Spout]. It never blocks but in its emits.
func (s *spout) Next(_ context.Context, out *topology.SpoutCollector) error {
	for range burst {
		r, left := s.feed.hold.next()
		if r == nil {
			break
		}
		if left == s.options.Prefetch/2 {
			nudge(s.feed.drawn)
		}
		out.EmitID(r, r.subject, r.data, int64(r.id.sequence), time.Unix(0, r.id.at).UTC())
	}
	if s.feed.over.Load() {
		return topology.ErrEnd
	}
	return nil
}

// Ack implements [topology.Acknowledger].
func (s *spout) Ack(id any) {
	r := id.(*record)
	r.feed.ack(r)
}

// Fail implements [topology.Acknowledger]: the message goes back to the server. What fails because the worker
// stops is not to blame, and goes back without a delay.
func (s *spout) Fail(id any, _ error) {
	r := id.(*record)
	a := r.feed.hold.remove(r)
	delay := time.Duration(0)
	if s.active && s.worker.Err() == nil {
		delay = s.options.delay(a.delivered)
	}
	r.feed.giveBack(a, delay)
}
