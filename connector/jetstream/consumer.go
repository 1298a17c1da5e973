package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// binding is what is known of a consumer.
type binding struct {
	ackWait time.Duration // the shortest time after which the server may deliver again
	made    bool          // just now
}

// bind finds the durable consumer, makes it when there is none, or changes what the options say
// otherwise. Tasks may do so at once: the server takes a second consumer of the
// same name and configuration for the first.
func bind(ctx context.Context, js jetstream.JetStream, o SpoutOptions) (b binding, err error) {
	c, err := js.Consumer(ctx, o.Stream, o.Consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c, err = js.CreateConsumer(ctx, o.Stream, o.newConsumer())
		b.made = true
	}
	if err != nil {
		return b, o.explain(err)
	}
	config := c.CachedInfo().Config
	if config.AckPolicy != jetstream.AckExplicitPolicy {
		return b, o.explain(fmt.Errorf("its ack policy is %v; the spout needs explicit acks: remove it, or name another", config.AckPolicy))
	}
	if wanted := o.overlay(config); !same(config, wanted) {
		if c, err = js.UpdateConsumer(ctx, o.Stream, wanted); err != nil {
			return b, o.explain(err)
		}
		config = c.CachedInfo().Config
	}
	b.ackWait = slices.Min(append([]time.Duration{config.AckWait}, config.BackOff...))
	return b, nil
}

func (o SpoutOptions) newConsumer() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{Durable: o.Consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: defaultAckWait, MaxAckPending: defaultMaxAckPending}
	if o.New {
		c.DeliverPolicy = jetstream.DeliverNewPolicy
	}
	return o.overlay(c)
}

// overlay changes in c what the options say.
func (o SpoutOptions) overlay(c jetstream.ConsumerConfig) jetstream.ConsumerConfig {
	if o.AckWait > 0 {
		c.AckWait = o.AckWait
	}
	if o.MaxAckPending > 0 {
		c.MaxAckPending = o.MaxAckPending
	}
	if o.Expire > 0 {
		c.InactiveThreshold = o.Expire
	}
	switch {
	case len(o.Subjects) == 1: // the server keeps one in its own place
		c.FilterSubject, c.FilterSubjects = o.Subjects[0], nil
	case len(o.Subjects) > 1:
		c.FilterSubject, c.FilterSubjects = "", o.Subjects
	}
	return c
}

// same compares what overlay changes.
func same(a, b jetstream.ConsumerConfig) bool {
	return a.AckWait == b.AckWait && a.MaxAckPending == b.MaxAckPending && a.InactiveThreshold == b.InactiveThreshold &&
		a.FilterSubject == b.FilterSubject && slices.Equal(a.FilterSubjects, b.FilterSubjects)
}

func (o SpoutOptions) explain(err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is no stream %q: make it first, with `nats stream add` or by jetstream.EnsureStream: %w", o.Stream, err)
	}
	return fmt.Errorf("consumer %q of the stream %q: %w", o.Consumer, o.Stream, err)
}

// lastSequence is the sequence of the last message that the stream has, 0 when it never had one.
func lastSequence(ctx context.Context, js jetstream.JetStream, o SpoutOptions) (uint64, error) {
	s, err := js.Stream(ctx, o.Stream)
	if err != nil {
		return 0, o.explain(err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// doneUntil reports whether the consumer has been acked all messages up to the sequence. Those of other subjects than
// it filters move its floor only when a later one is acked; so it is asked what is left, too.
func doneUntil(ctx context.Context, js jetstream.JetStream, o SpoutOptions, until uint64) (bool, error) {
	c, err := js.Consumer(ctx, o.Stream, o.Consumer)
	if err != nil {
		return false, o.explain(err)
	}
	info := c.CachedInfo()
	return info.AckFloor.Stream >= until || info.NumPending == 0 && info.NumAckPending == 0, nil
}
