package jetstream

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Sink declares a bolt that publishes each tuple to a stream, and acks it when the stream has stored it. A tuple
// fails when the stream refuses it, or does not answer within [SinkOptions].Timeout: then it may be
// stored all the same, and comes twice when it is replayed.
//
// Prepare waits up to 30 s for a server that is away; it fails at once when no stream takes the subject, or the
// credentials are refused. What the declaration of the returned bolt needs besides, its groupings, is the caller's; it must not
// be given another Tick.
//
// It takes the builder, and is no factory, because the bolt works with manual acking and ticks only.
func Sink(b *topology.Builder, id string, o SinkOptions) *topology.BoltDeclarer {
	return b.Bolt(id, func() topology.Bolt { return &sink{options: o} }).ManualAck().Tick(collectEvery)
}

// collectEvery is how often a sink that is given no tuples looks for answers. It delays acks, not messages.
const collectEvery = 5 * time.Millisecond

// sink publishes without waiting. Answers are collected on the task's goroutine, in the order of the publishes.
type sink struct {
	options SinkOptions
	js      jetstream.JetStream
	flying  []flight // the oldest first

	reconnected chan struct{}
	leave       func()
}

// flight is a tuple that is published, and not answered yet.
type flight struct {
	tuple  *topology.Tuple
	answer jetstream.PubAckFuture
}

// Prepare implements [topology.Preparer].
func (s *sink) Prepare(ctx context.Context, tc *topology.Context) error {
	s.options = s.options.withDefaults()
	if err := s.options.check(); err != nil {
		return topology.Fatal(err)
	}
	shared, err := openSession(ctx, tc, s.options.Access)
	if err != nil {
		return err
	}
	if err := patiently(ctx, tc, func(ctx context.Context) error { return s.look(ctx, shared.js) }); err != nil {
		return err
	}
	// A publisher of the task's own, so that its bounds and timeouts are. Its own bound lies above InFlight, as
	// it counts an answer later.
	s.js, err = jetstream.New(shared.nc, jetstream.WithPublishAsyncMaxPending(2*s.options.InFlight), jetstream.WithPublishAsyncTimeout(s.options.Timeout))
	if err != nil {
		return err
	}
	s.reconnected = make(chan struct{}, 1)
	s.leave = shared.join(&member{tc: tc, reconnected: func() { nudge(s.reconnected) }})
	return nil
}

// look finds out whether there is a stream that takes the subject.
func (s *sink) look(ctx context.Context, js jetstream.JetStream) error {
	if s.options.Subject == "" {
		return nil
	}
	name, err := js.StreamNameBySubject(ctx, s.options.Subject)
	if err != nil {
		return fmt.Errorf("a stream that takes the subject %q: %w", s.options.Subject, err)
	}
	if s.options.Stream != "" && name != s.options.Stream {
		return fmt.Errorf("the stream %q takes the subject %q, not %q", name, s.options.Subject, s.options.Stream)
	}
	return nil
}

// Cleanup implements [topology.Cleaner]. Tuples without an answer are failed by the runtime.
func (s *sink) Cleanup() error {
	s.js.CleanupPublisher()
	s.leave()
	return nil
}

// Execute implements [topology.Bolt].
func (s *sink) Execute(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
	s.collect(out)
	for len(s.flying) >= s.options.InFlight {
		if err := s.wait(ctx, out); err != nil {
			return err
		}
	}
	m, err := s.message(t)
	if err != nil {
		return err
	}
	answer, err := s.publish(ctx, m)
	if err != nil {
		return fmt.Errorf("publish on %q: %w", m.Subject, err)
	}
	s.flying = append(s.flying, flight{t, answer})
	return nil
}

// publish waits, within the timeout, while the connection is away: a tuple that fails at once would come again at once.
func (s *sink) publish(ctx context.Context, m *nats.Msg) (jetstream.PubAckFuture, error) {
	answer, err := s.js.PublishMsgAsync(m)
	if err == nil || !passing(err) {
		return answer, err
	}
	patience := time.NewTimer(s.options.Timeout)
	defer patience.Stop()
	for err != nil && passing(err) {
		select {
		case <-s.reconnected:
			answer, err = s.js.PublishMsgAsync(m)
		case <-patience.C:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
	}
	return answer, err
}

// Tick implements [topology.Ticker].
func (s *sink) Tick(_ context.Context, _ time.Time, out *topology.Collector) error {
	s.collect(out)
	return nil
}

// Finish implements [topology.Finisher]: it waits for all answers, each of which comes within the timeout.
func (s *sink) Finish(ctx context.Context, out *topology.Collector) error {
	for len(s.flying) > 0 {
		if err := s.wait(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

// collect settles the tuples whose answers are there, up to the first whose isn't.
func (s *sink) collect(out *topology.Collector) {
	for len(s.flying) > 0 {
		select {
		case <-s.flying[0].answer.Ok():
			s.settle(nil, out)
		case err := <-s.flying[0].answer.Err():
			s.settle(err, out)
		default:
			return
		}
	}
}

// wait waits for the oldest answer.
func (s *sink) wait(ctx context.Context, out *topology.Collector) error {
	select {
	case <-s.flying[0].answer.Ok():
		s.settle(nil, out)
	case err := <-s.flying[0].answer.Err():
		s.settle(err, out)
	case <-ctx.Done():
		return fmt.Errorf("stopped while %d publishes had no answer: %w", len(s.flying), ctx.Err())
	}
	return nil
}

// settle acks or fails the oldest tuple.
func (s *sink) settle(err error, out *topology.Collector) {
	f := s.flying[0]
	s.flying[0] = flight{}
	if s.flying = s.flying[1:]; len(s.flying) == 0 {
		s.flying = nil
	}
	if err == nil {
		out.Ack(f.tuple)
		return
	}
	err = fmt.Errorf("publish on %q: %w", f.answer.Msg().Subject, err)
	out.Report(err)
	out.Fail(f.tuple, err)
}

// message is what is published for the tuple.
func (s *sink) message(t *topology.Tuple) (*nats.Msg, error) {
	m := &nats.Msg{Subject: s.options.Subject, Header: nats.Header{}}
	if s.options.SubjectField != "" {
		m.Subject = t.String(s.options.SubjectField)
	}
	var ok bool
	if m.Data, ok = bytesOf(t.Value(s.options.DataField)); !ok {
		return nil, fmt.Errorf("the field %q holds %s; it must be a []byte or a string", s.options.DataField, t.Value(s.options.DataField).Kind())
	}
	if s.options.Stream != "" {
		m.Header.Set(jetstream.ExpectedStreamHeader, s.options.Stream)
	}
	if s.options.MsgIDField == "" {
		return m, nil
	}
	id, err := idOf(t.Value(s.options.MsgIDField))
	if err != nil {
		return nil, fmt.Errorf("the field %q: %w", s.options.MsgIDField, err)
	}
	m.Header.Set(jetstream.MsgIDHeader, id)
	return m, nil
}

func bytesOf(v topology.Value) ([]byte, bool) {
	if s, ok := v.AsString(); ok {
		return []byte(s), true
	}
	return v.AsBytes()
}

func idOf(v topology.Value) (string, error) {
	if n, ok := v.AsInt(); ok {
		return strconv.FormatInt(n, 10), nil
	}
	b, ok := bytesOf(v)
	if !ok || len(b) == 0 {
		return "", fmt.Errorf("%v is no message id; it must be an integer, or a string or []byte that is not empty", v)
	}
	return string(b), nil
}
