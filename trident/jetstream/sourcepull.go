package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// sourcePull is the reading through one consumer, with at most one request under way. The client library's ordered consumer is not used because it
// has no bound on how many bytes wait, and takes a reader that is slow for a server that is away.
type sourcePull struct {
	*sourceFeed
	consumer string
	sub      *nats.Subscription
	in       chan *nats.Msg
	inbox    string
	until    uint64 // of a bounded source
	come     uint64 // messages of this consumer
	nth      int    // of the requests
	asked    int    // messages that are still to come
	before   uint64 // come, when they were asked for
	bytes    int    // that a request asks for at most
	heard    time.Time
	batch    []Message
}

const (
	maxWaiting  = 32 << 20 // bytes
	maxAsked    = 16 << 20 // bytes
	askedFor    = 5 * time.Second
	heartbeat   = time.Second
	deaf        = 3 * heartbeat
	idleRemoved = 30 * time.Second // after how long without requests the server removes the consumer
	largest     = 64 << 20         // bytes that a request asks for; a stream takes messages of 32 MiB
)

// bind looks at the stream, and makes a consumer that begins where the reading is to go on.
func (f *sourceFeed) bind() (*sourcePull, error) {
	ctx, cancel := context.WithTimeout(f.ctx, requestTime)
	defer cancel()
	select { // what comes from now on is heard by the new subscription
	case <-f.reconnected:
	default:
	}
	s, err := f.conn.js.Stream(ctx, f.source.o.Stream)
	if err != nil {
		return nil, err
	}
	p := &sourcePull{sourceFeed: f, in: make(chan *nats.Msg, f.source.o.Prefetch+1024), inbox: f.conn.nc.NewInbox(), bytes: maxAsked, heard: time.Now()}
	p.consumer = "gale-" + p.inbox[strings.LastIndexByte(p.inbox, '.')+1:]
	if err := p.examine(s.CachedInfo()); err != nil {
		return nil, err
	}
	c, err := f.conn.js.CreateConsumer(ctx, f.source.o.Stream, p.config())
	if err != nil {
		p.remove() // it may be there all the same
		return nil, err
	}
	if f.source.o.Bounded && c.CachedInfo().NumPending == 0 {
		p.remove()
		return nil, io.EOF
	}
	if p.sub, err = f.conn.nc.ChanSubscribe(p.inbox+".*", p.in); err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

// examine finds out whether the stream still has what is to be read.
func (p *sourcePull) examine(i *jetstream.StreamInfo) error {
	if i.Config.Retention != jetstream.LimitsPolicy {
		return fmt.Errorf("its retention policy is %v, by which it removes what is read: the source needs limits", i.Config.Retention)
	}
	if p.next > i.State.LastSeq+1 {
		return fmt.Errorf("its last message is %d, and %d was read before: it is not the stream that it was", i.State.LastSeq, p.next-1)
	}
	if p.next > 0 && p.next < i.State.FirstSeq {
		p.watch.lost(p.next, i.State.FirstSeq-1)
		p.next = i.State.FirstSeq
	}
	if p.source.o.Bounded {
		if p.until = p.source.end.set(i.State.LastSeq); p.next > p.until {
			return io.EOF
		}
	}
	return nil
}

func (p *sourcePull) config() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Name: p.consumer, Description: "a source of a Gale trident topology", AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: idleRemoved, MemoryStorage: true, Replicas: 1,
	}
	o := p.source.o
	switch {
	case p.next > 0:
		c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, p.next
	case o.StartSequence > 0:
		c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, o.StartSequence
	case !o.StartTime.IsZero():
		c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartTimePolicy, &o.StartTime
	}
	if len(o.Subjects) == 1 { // the server keeps one in its own place
		c.FilterSubject = o.Subjects[0]
	} else {
		c.FilterSubjects = o.Subjects
	}
	return c
}

// remove removes the consumer, which else the server does when it has heard nothing of it for a while.
func (p *sourcePull) remove() {
	if p.sub != nil {
		_ = p.sub.Unsubscribe() // or the connection is closed
	}
	if !p.conn.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewellTime)
	defer cancel()
	_ = p.conn.js.DeleteConsumer(ctx, p.source.o.Stream, p.consumer)
}

type pullRequest struct {
	Batch     int           `json:"batch"`
	MaxBytes  int           `json:"max_bytes"`
	Expires   time.Duration `json:"expires"`
	Heartbeat time.Duration `json:"idle_heartbeat"`
}

func (p *sourcePull) reply() string { return p.inbox + "." + strconv.Itoa(p.nth) }

// ask asks for messages when none are to come and there is room.
func (p *sourcePull) ask() error {
	if p.asked > 0 {
		return nil
	}
	room := p.room()
	if room == 0 {
		return nil
	}
	body, err := json.Marshal(pullRequest{room, p.bytes, askedFor, heartbeat})
	if err != nil {
		return err
	}
	p.nth++
	p.asked, p.before, p.heard = room, p.come, time.Now()
	return p.conn.nc.PublishRequest(jetstream.DefaultAPIPrefix+"CONSUMER.MSG.NEXT."+p.source.o.Stream+"."+p.consumer, p.reply(), body)
}

// look begins again when nothing was heard of a request.
func (p *sourcePull) look(now time.Time) error {
	if p.asked > 0 && len(p.in) == 0 && now.Sub(p.heard) > deaf && p.conn.nc.IsConnected() {
		return fmt.Errorf("no answer for %v; %w", deaf, errAgain)
	}
	return nil
}

// receive takes a message, and those that have come with it.
func (p *sourcePull) receive(m *nats.Msg) (err error) {
	p.heard = time.Now()
	p.batch = p.batch[:0]
	for n := len(p.in); err == nil; n-- {
		if strings.HasPrefix(m.Reply, "$JS.ACK.") {
			err = p.deliver(m)
		} else if m.Subject == p.reply() {
			err = p.status(m)
		}
		if n == 0 || err != nil {
			break
		}
		m = <-p.in
	}
	p.add(p.batch)
	clear(p.batch)
	return err
}

// deliver takes a message.
func (p *sourcePull) deliver(m *nats.Msg) error {
	d, err := parseDelivery(m.Reply)
	if err != nil {
		return err
	}
	if d.nth != p.come+1 {
		return fmt.Errorf("message %d of the consumer follows message %d; %w", d.nth, p.come, errAgain)
	}
	p.come, p.asked = d.nth, max(0, p.asked-1)
	if len(p.source.o.Subjects) == 0 && p.next > 0 && d.sequence > p.next {
		p.lostTo(d.sequence)
	}
	if p.bounded(d) {
		return io.EOF
	}
	p.next = d.sequence + 1
	if p.owns(m.Subject, d.sequence) && !IsMarker(m.Header) {
		p.batch = append(p.batch, Message{Subject: m.Subject, Data: m.Data, Sequence: d.sequence, Time: time.Unix(0, d.at).UTC()})
	}
	if p.source.o.Bounded && (d.sequence == p.until || d.pending == 0) {
		return io.EOF
	}
	return nil
}

// bounded reports whether a message is behind the end.
func (p *sourcePull) bounded(d delivery) bool { return p.source.o.Bounded && d.sequence > p.until }

// lostTo says that what was expected before the sequence was removed, as far as the end.
func (p *sourcePull) lostTo(sequence uint64) {
	if p.source.o.Bounded {
		sequence = min(sequence, p.until+1)
	}
	p.watch.lost(p.next, sequence-1)
}

// owns reports whether a message is of this partition, and no former one has read it.
func (p *sourcePull) owns(subject string, sequence uint64) bool {
	if p.source.o.Partitions == 1 && p.past == nil {
		return true
	}
	h := subjectHash(subject)
	return h%uint64(p.source.o.Partitions) == uint64(p.partition) && !p.past.has(h, sequence)
}

// status takes a word about the request. All but heartbeats end it.
func (p *sourcePull) status(m *nats.Msg) error {
	code, text := m.Header.Get("Status"), m.Header.Get("Description")
	switch {
	case code == "100":
		return p.idle()
	case text == "Message Size Exceeds MaxBytes" && p.come == p.before:
		p.bytes = min(2*p.bytes, largest) // it is a single one that is so large
		p.asked = 0
		return nil
	case code == "404", code == "408", text == "Batch Completed", text == "Message Size Exceeds MaxBytes":
		p.asked = 0
		return nil
	}
	return errAgain // the consumer is gone, or its leader
}

// idle finds out whether a bounded reading that waits has anything to wait for: the last messages may have been removed.
func (p *sourcePull) idle() error {
	if !p.source.o.Bounded {
		return nil
	}
	ctx, cancel := context.WithTimeout(p.ctx, requestTime)
	defer cancel()
	c, err := p.conn.js.Consumer(ctx, p.source.o.Stream, p.consumer)
	if err != nil {
		return errors.Join(errAgain, err)
	}
	if i := c.CachedInfo(); i.NumPending == 0 && i.Delivered.Consumer == p.come {
		return io.EOF
	}
	return nil
}

func (s *source) explain(err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is no stream %q: make it first, with `nats stream add`: %w", s.o.Stream, err)
	}
	return fmt.Errorf("stream %q: %w", s.o.Stream, err)
}
