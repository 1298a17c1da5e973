package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/nats-io/nats.go/jetstream"
)

// SinkStream describes a stream for a [Sink]. Stream must be given.
type SinkStream struct {
	Access connector.Access
	// Stream is its name.
	Stream string
	// Subjects are what records are published on; they may have wildcards.
	Subjects []string
	// MarkerSubject is that of the [SinkOptions].
	MarkerSubject string
	// Replicas is how many servers keep it, 1 to 5. 0 means 1.
	Replicas int
}

// EnsureSinkStream makes a stream that a [Sink] can write to, on disk and without limits, unless there is one of that name. That one it never
// changes: it returns an error that wraps [ErrStream] and says all that is wrong with it. It fails as well when the
// server can't be reached or another stream takes a subject.
func EnsureSinkStream(ctx context.Context, s SinkStream) error {
	if s.MarkerSubject == "" {
		s.MarkerSubject = defaultMarkerSubject(s.Stream)
	}
	nc, err := dialSink(s.Access, "gale, stream "+s.Stream, func() {})
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	found, err := js.Stream(ctx, s.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		found, err = js.CreateStream(ctx, s.config())
	}
	if err != nil {
		return fmt.Errorf("stream %q: %w", s.Stream, err)
	}
	return s.check(found.CachedInfo().Config)
}

func (s SinkStream) config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: s.Stream, Subjects: append(slices.Clone(s.Subjects), s.MarkerSubject+".>"), Replicas: max(s.Replicas, 1),
		AllowAtomicPublish: true, AllowRollup: true,
	}
}

func (s SinkStream) check(c jetstream.StreamConfig) error {
	errs := []error{unfit(c, sinkNeeds{markers: s.MarkerSubject})}
	for _, subject := range s.Subjects {
		if !slices.ContainsFunc(c.Subjects, func(filter string) bool { return takes(filter, subject) }) {
			errs = append(errs, fmt.Errorf("%w: stream %q does not take the subject %q", ErrStream, s.Stream, subject))
		}
	}
	return errors.Join(errs...)
}

// sinkNeeds is what a sink needs of a stream.
type sinkNeeds struct {
	subject string // of records, empty when each has its own
	markers string
	limits  bool // whether they may be
}

// unfit lists all that is wrong with a stream, each with what to do about it.
func unfit(c jetstream.StreamConfig, n sinkNeeds) error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("stream %q: %w: "+format, append([]any{c.Name, ErrStream}, a...)...))
		}
	}
	missing := func(subject string) bool {
		return !slices.ContainsFunc(c.Subjects, func(filter string) bool { return takes(filter, subject) })
	}
	if !c.AllowAtomicPublish {
		errs = append(errs, fmt.Errorf("stream %q: %w: %w", c.Name, ErrStream, ErrNotAtomic))
	}
	refuse(missing(n.markers+".>"), "it does not take the subjects %s.> of the markers: add them, or give the sink another MarkerSubject", n.markers)
	refuse(n.subject != "" && missing(n.subject), "it does not take the subject %q: add it", n.subject)
	refuse(c.Mirror != nil || c.Sealed, "it is a mirror, or sealed: nothing can be published to it")
	refuse(c.NoAck, "it answers no publish (no_ack): who has written what can't be known")
	refuse(c.SubjectTransform != nil, "it changes subjects (subject_transform): markers would not be found")
	refuse(c.AllowMsgCounter, "its messages are counters (allow_msg_counter): it takes no records")
	refuse(c.Retention != jetstream.LimitsPolicy, "its retention is %v, which drops markers when they are read: take limits", c.Retention)
	refuse(!n.limits && drops(c), "it drops old messages (max_age, max_msgs or max_bytes), markers as well, and then a batch may be written "+
		"twice: take the limits away, or give the sink AllowLimits")
	return errors.Join(errs...)
}

// drops reports whether the stream's limits can remove the last message of a subject. One message a subject does not; no more does a
// limit at which new messages are refused.
func drops(c jetstream.StreamConfig) bool {
	return c.MaxAge > 0 || c.Discard != jetstream.DiscardNew && (c.MaxMsgs > 0 || c.MaxBytes > 0)
}
