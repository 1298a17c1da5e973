package nimbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Timing of the loop.
const (
	tickTime    = 200 * time.Millisecond
	collectTime = time.Minute     // between looks for programs that nobody uses
	storeTime   = 2 * time.Second // that a write, or a look into the program store, may take
	loadTime    = 30 * time.Second
	inboxSize   = 256 // reports to the loop; senders wait when it is full
)

// leader is one leadership. Its fields belong to the loop, but for the channels.
type leader struct {
	*base
	*state
	n       *Nimbus
	ctx     context.Context // ends with the leadership
	cancel  context.CancelCauseFunc
	log     *zap.Logger
	writer  *cluster.Writer
	service micro.Service
	subs    []*nats.Subscription
	works   sync.WaitGroup // drains, and what is set aside

	calls   chan call
	beats   chan heardBeat
	reports chan report
	drains  chan drainEnd
	asides  chan asideEnd

	dropping map[string]bool // the names whose state is being dropped
}

type heardBeat struct {
	cluster.Beat
	received time.Time
}

// newLeader begins an epoch and reads what the records say.
func newLeader(ctx context.Context, n *Nimbus, b *base) (*leader, error) {
	w, err := b.store.TakeOver(ctx, n.o.ID)
	if err != nil {
		return nil, err
	}
	loading, cancel := context.WithTimeoutCause(ctx, loadTime, fmt.Errorf("the records could not be read within %v", loadTime))
	defer cancel()
	r, err := load(loading, b.store.KV(), w.Epoch())
	if err != nil {
		return nil, err
	}
	l := &leader{
		base: b, state: newState(n.o, r, time.Now()), n: n, log: n.o.Log, writer: w,
		calls: make(chan call), beats: make(chan heardBeat, maxSupervisors), reports: make(chan report, inboxSize), drains: make(chan drainEnd),
		asides: make(chan asideEnd), dropping: map[string]bool{},
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l, l.dropStrays(r)
}

// dropStrays deletes assignments whose topology is gone: a leader ended between the two writes.
func (l *leader) dropStrays(r *records) error {
	for name, a := range r.assignments {
		d := l.deployments[name]
		if _, unreadable := r.broken[cluster.TopologyPrefix+name]; unreadable || d != nil && d.record.ID == a.ID {
			continue
		}
		if err := l.delete(cluster.AssignmentPrefix + name); err != nil {
			return l.tolerate(err, "can't delete an assignment without topology", zap.String("topology", name))
		}
	}
	return nil
}

// listen subscribes to beats and reports, and offers the API.
func (l *leader) listen() error {
	beats, err := l.nc.Subscribe(cluster.BeatSubject("*"), func(m *nats.Msg) {
		b := heardBeat{received: time.Now()}
		if json.Unmarshal(m.Data, &b.Beat) == nil && m.Subject == cluster.BeatSubject(b.ID) {
			send(l.ctx, l.beats, b)
		}
	})
	if err != nil {
		return err
	}
	l.subs = append(l.subs, beats)
	reports, err := l.nc.Subscribe(cluster.ReportSubject("*", "*"), func(m *nats.Msg) {
		r := report{received: time.Now(), size: len(m.Data)}
		if json.Unmarshal(m.Data, &r.Report) == nil && m.Subject == cluster.ReportSubject(r.TopologyID, r.Worker) {
			send(l.ctx, l.reports, r)
		}
	})
	if err != nil {
		return err
	}
	l.subs = append(l.subs, reports)
	return l.offer()
}

// send waits for room, so that a flood is dropped where it is counted: in the subscription, by the NATS client.
func send[T any](ctx context.Context, to chan<- T, v T) {
	select {
	case to <- v:
	case <-ctx.Done():
	}
}

// close ends everything that the leadership has begun, and waits for it. why is what has ended it; close returns it too.
func (l *leader) close(why error) error {
	l.cancel(why)
	err := why
	for _, s := range l.subs {
		err = errors.Join(err, s.Unsubscribe())
	}
	if l.service != nil {
		err = errors.Join(err, l.service.Stop())
	}
	l.works.Wait()
	return err
}

// loop runs until the leadership ends; the error says why.
func (l *leader) loop() error {
	tick, collect := time.NewTicker(tickTime), time.NewTicker(collectTime)
	defer tick.Stop()
	defer collect.Stop()
	for {
		var err error
		select {
		case <-l.ctx.Done():
			return context.Cause(l.ctx)
		case c := <-l.calls:
			err = l.answer(c)
		case b := <-l.beats:
			err = l.hearBeat(b)
		case r := <-l.reports:
			err = l.hear(r)
		case e := <-l.drains:
			err = l.endDrain(e)
		case e := <-l.asides:
			l.endAside(e)
		case <-tick.C:
			err = l.tick()
		case <-collect.C:
			err = l.collect()
		}
		if err != nil {
			return err
		}
	}
}

func (l *leader) hear(r report) error {
	d := l.deployments[r.Topology]
	if d == nil || !d.take(r) {
		return nil
	}
	return l.advance(d)
}

func (l *leader) tick() error {
	now := time.Now()
	l.hearBeats(now)
	for _, v := range l.look(now) {
		l.log.Info("supervisor", zap.String("id", v.record.ID), zap.String("state", v.state(l.heardUntil(now), l.o.SupervisorTimeout)))
	}
	return l.advanceAll(l.inOrder())
}

// hearBeats takes in the beats that have come by now, of which there is room for one of each supervisor. It writes nothing, which
// could take long: what is to be written of a supervisor is with its next beat.
func (l *leader) hearBeats(now time.Time) {
	for range len(l.beats) {
		b := <-l.beats
		l.beat(b.Beat, b.received)
	}
	l.heard = now
}

// hearBeat takes a beat in, and writes the record of a supervisor that is new, or not what it was. When a whole cluster comes
// up, requests get their turns between these writes.
func (l *leader) hearBeat(b heardBeat) error {
	touched := l.beat(b.Beat, b.received)
	if v := l.supervisors[b.ID]; v != nil && !v.stored && l.broken[cluster.SupervisorPrefix+b.ID] == "" {
		if err := l.putSupervisor(v, v.record); err != nil {
			return l.tolerate(err, "can't write the record of a supervisor", zap.String("id", b.ID))
		}
	}
	return l.advanceAll(touched)
}

func (l *leader) advanceAll(all []*deployment) error {
	for _, d := range all {
		if err := l.advance(d); err != nil {
			return err
		}
	}
	return nil
}

// maxSteps bounds how many steps follow one message. A topology that has more to do goes on at the next tick.
const maxSteps = 8

// advance takes the steps that are due for a topology. A step that the server refuses is tried again at the next tick.
func (l *leader) advance(d *deployment) error {
	for range maxSteps {
		next := l.next(d, time.Now())
		if next == rest || l.deployments[d.record.Name] != d { // the step before may have removed it
			return nil
		}
		if err := l.take(d, next); err != nil {
			return l.tolerate(err, "can't go on with a topology", zap.String("topology", d.record.Name), zap.String("step", string(next)))
		}
	}
	return nil
}

// tolerate logs an error after which the state is known; any other ends the leadership.
func (l *leader) tolerate(err error, what string, fields ...zap.Field) error {
	if e := new(cluster.Error); errors.As(err, &e) {
		l.log.Warn(what, append(fields, zap.Error(err))...)
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
