package nimbus

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Bounds of talking to workers.
const (
	askTime   = time.Second // that a worker gets to answer
	askAtOnce = 64          // workers that are asked at a time
)

// drainEnd says that the workers of a generation are gone, or were told to go.
type drainEnd struct {
	name, id   string
	generation int
	faults     []string
}

// drain begins to drain the current generation, in a goroutine that belongs to the loop.
func (l *leader) drain(d *deployment) {
	g := d.current()
	ctx, cancel := context.WithCancel(l.ctx)
	patience, lose := context.WithCancel(ctx)
	until := l.patience(d)
	giveUp := time.AfterFunc(time.Until(until), lose)
	if !until.After(time.Now()) {
		lose()
	}
	d.drains = g.Number
	d.hurry = func(at time.Time) { giveUp.Reset(time.Until(at)) }
	end := drainEnd{name: d.record.Name, id: d.record.ID, generation: g.Number}
	machine := newDrainer(g, &d.record.Definition, d.record.Status == cluster.Finished)
	l.log.Info("drain begins", zap.String("topology", end.name), zap.Int("generation", g.Number))
	l.works.Go(func() {
		defer cancel()
		defer giveUp.Stop()
		l.runDrain(ctx, patience, machine, end)
	})
}

// patience returns until when the current generation of a topology is drained.
func (l *leader) patience(d *deployment) time.Time {
	now, t := time.Now(), &d.record
	switch t.Status {
	case cluster.Killed: // on the wall clock: another leader may have begun it
		return now.Add(min(t.Wait, time.Until(t.KilledAt.Add(t.Wait))))
	case cluster.Failed:
		return now
	case cluster.Finished:
		return now.Add(max(t.Definition.Timeout, l.o.SwapDrain))
	}
	if t.Next != nil && t.Next.Reason == reasonReturn { // trees that wait for what could not open never complete
		return now
	}
	return now.Add(l.o.SwapDrain)
}

func (l *leader) runDrain(ctx, patience context.Context, machine *drainer, end drainEnd) {
	var replies []reply
	for {
		r, more := machine.next(time.Now(), replies, patience.Err() != nil)
		if !more {
			break
		}
		if pause(ctx, r.pause) != nil {
			return
		}
		r.request.Generation = end.generation
		replies = l.ask(ctx, end.id, r)
	}
	end.faults = machine.faults
	send(ctx, l.drains, end)
}

// ask asks all workers of the round, and returns when each has answered, or has had its time.
func (l *leader) ask(ctx context.Context, topologyID string, r round) []reply {
	replies := make([]reply, len(r.workers))
	room := make(chan struct{}, askAtOnce)
	var all sync.WaitGroup
	for i, w := range r.workers {
		room <- struct{}{}
		all.Go(func() {
			replies[i] = l.askOne(ctx, topologyID, w, r)
			<-room
		})
	}
	all.Wait()
	return replies
}

func (l *leader) askOne(ctx context.Context, topologyID, worker string, r round) reply {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answer, err := cluster.AskWorker(ctx, l.nc, topologyID, worker, r.verb, r.request)
	if err != nil {
		return reply{worker: worker, gone: errors.Is(err, nats.ErrNoResponders)}
	}
	return reply{worker: worker, answered: true, ControlReply: *answer}
}

// endDrain notes that a generation is drained, and goes on with its topology.
func (l *leader) endDrain(e drainEnd) error {
	d := l.deployments[e.name]
	if d == nil || d.record.ID != e.id || d.drains != e.generation {
		return nil
	}
	d.drains, d.drained, d.hurry = 0, e.generation, nil
	l.log.Info("drain is over", zap.String("topology", e.name), zap.Int("generation", e.generation), zap.Strings("faults", e.faults))
	if len(e.faults) > 0 {
		t := d.record
		t.Message = short(joined(t.Message, "while it was drained: "+strings.Join(e.faults, "; ")))
		if err := l.putTopology(d, t); err != nil {
			return l.tolerate(err, "can't note what went wrong in a drain")
		}
	}
	return l.advance(d)
}
