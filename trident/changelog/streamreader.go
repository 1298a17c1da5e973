package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What a reader asks the server for at a time, how long it waits for a message before it looks what is wrong, and how long a consumer stays that has lost its reader.
const (
	pullMessages  = 2000
	pullBytes     = 8 << 20
	messageWait   = time.Second
	consumerStays = 30 * time.Second
)

// reader goes through the stream by a consumer, and begins another when that is lost. What the consumer passes over it asks the leader for.
type reader struct {
	l             *stream
	next, through uint64
	f             func(Record) error
	headersOnly   bool // only sees to it that all are there
}

// userError is an error of f, which ends the reading whatever it is.
type userError struct{ err error }

func (e userError) Error() string { return e.err.Error() }

func (r *reader) run(ctx context.Context) error {
	for wait := firstPause; r.next <= r.through; wait = min(2*wait, lastPause) {
		before := r.next
		err := r.pass(ctx)
		var user userError
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &user):
			return user.err
		case err != nil && !passing(err):
			return err
		case r.next > r.through:
			return nil
		}
		if r.next > before {
			wait = firstPause
		}
		if err := pause(ctx, wait); err != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// pass reads with one consumer, until it is lost or has nothing more. A record that it did not give is then asked for.
func (r *reader) pass(ctx context.Context) error {
	if r.l.readOnly {
		return r.page(ctx)
	}
	c, err := r.consume(ctx)
	if err != nil {
		return err
	}
	err = r.drain(ctx, c)
	r.l.dismiss(c)
	if err != nil || r.next > r.through {
		return err
	}
	return r.ask(ctx)
}

func (r *reader) consume(ctx context.Context) (c jetstream.Consumer, err error) {
	err = r.l.once(ctx, func(ctx context.Context) error {
		c, err = r.l.js.CreateConsumer(ctx, r.l.name, jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.next, AckPolicy: jetstream.AckNonePolicy,
			MemoryStorage: true, Replicas: 1, InactiveThreshold: consumerStays, HeadersOnly: r.headersOnly,
		})
		return err
	})
	return c, err
}

// dismiss deletes a consumer. If that fails, it ends by itself.
func (l *stream) dismiss(c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.life), l.o.Timeout)
	defer cancel()
	if l.nc.IsConnected() {
		_ = l.js.DeleteConsumer(ctx, l.name, c.CachedInfo().Name)
	}
}

// drain returns without an error when a record is due that does not come.
func (r *reader) drain(ctx context.Context, c jetstream.Consumer) error {
	if c.CachedInfo().NumPending == 0 {
		return nil
	}
	messages, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(pullMessages, pullBytes), jetstream.PullHeartbeat(messageWait/2), jetstream.PullExpiry(4*messageWait))
	if err != nil {
		return err
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	for r.next <= r.through {
		m, err := messages.Next(jetstream.NextMaxWait(messageWait))
		if err != nil {
			return nilIfLate(err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream != r.next {
			return nil
		}
		if err := r.give(m.Data()); err != nil || meta.NumPending == 0 {
			return err
		}
	}
	return nil
}

// nilIfLate is for a message that did not come in time.
func nilIfLate(err error) error {
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoHeartbeat) {
		return nil
	}
	return err
}

func (r *reader) give(b []byte) error {
	sequence := r.next
	r.next++
	if r.headersOnly {
		return nil
	}
	record, err := r.l.decode(sequence, b)
	if err != nil || record.Kind == trimmed {
		return err
	}
	if err := r.f(record); err != nil {
		return userError{err}
	}
	return nil
}

// ask asks the leader for the next record: it is there, or trimmed, or lost.
func (r *reader) ask(ctx context.Context) error {
	return r.l.once(ctx, func(try context.Context) error {
		m, err := r.l.handle.GetMsg(try, r.next)
		switch {
		case err == nil:
			return r.give(m.Data)
		case passing(err):
			return err
		}
		e, _, err2 := r.l.extent(try)
		switch {
		case err2 != nil:
			return err2
		case e.floor > r.next:
			return fmt.Errorf("reading %d, and the log begins at %d: %w", r.next, e.floor, ErrGone)
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return r.l.damaged(r.next, "it is missing")
		}
		return r.l.damaged(r.next, err.Error())
	})
}
