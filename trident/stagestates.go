package trident

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// openStates opens the task's parts of states and sinks. States are read from the log at once, for those who ask; what is committed meanwhile is
// seen to be missing when the next attempt begins, which the coordinator, who is told, does.
func (t *stageTask) openStates(ctx context.Context) (err error) {
	if t.log, err = t.g.openLog(t.tc); err != nil {
		return err
	}
	for _, s := range t.place.states {
		if err := t.checkForm(ctx, s); err != nil {
			return err
		}
		p, err := t.openState(s)
		if err != nil {
			return err
		}
		t.states = append(t.states, p)
		if err := p.recover(ctx); err != nil {
			return err
		}
	}
	for _, n := range t.place.nodes {
		if n.sink != nil {
			t.sinks = append(t.sinks, n.sink.open(t))
		}
	}
	return nil
}

func (t *stageTask) tell(m mail) {
	if m.Kind == mailWake {
		t.wakeAt = m.At
	}
	t.tc.Tell(t.leader, m.encode())
}

func (t *stageTask) stateOf(s *stateSpec) *statePart {
	for _, p := range t.states {
		if p.spec == s {
			return p
		}
	}
	panic("trident: an operator runs where its state is not")
}

func (t *stageTask) sinkOf(s *sinkSpec) sinkPart {
	for _, k := range t.sinks {
		if k.spec() == s {
			return k
		}
	}
	panic("trident: an operator runs where its sink is not")
}

// settle brings states and sinks to where an attempt begins: what of the attempt before is committed counts, what isn't is forgotten.
func (t *stageTask) settle(ctx context.Context, b *packet) error {
	t.wakeAt = 0 // windows say it anew
	for _, p := range t.states {
		if err := p.settle(ctx, b); err != nil {
			return err
		}
	}
	for _, k := range t.sinks {
		if err := k.settle(ctx, b); err != nil {
			return err
		}
	}
	t.hearAll(b.from - 1)
	return nil
}

// announced takes the coordinator's word that batches are committed. An error fails the tuple: it is announced again.
func (t *stageTask) announced(ctx context.Context, h *held) error {
	err := t.committed(ctx, h.p)
	switch {
	case errors.Is(err, errGap):
		t.unheard = append(t.unheard, h)
		return nil
	case err == nil:
		t.ack(h.t)
	}
	return err
}

// hearAll acks the announcements that had to wait for their batches: a topology whose sources have ended ends when all are acked, and the sinks
// must have everything by then.
func (t *stageTask) hearAll(txid uint64) {
	t.unheard = slices.DeleteFunc(t.unheard, func(h *held) bool {
		if h.p.txid > txid {
			return false
		}
		t.ack(h.t)
		return true
	})
}

// beginBatch begins a batch in the states.
func (t *stageTask) beginBatch(b *packet) error {
	for _, p := range t.states {
		if err := p.part.Begin(b.txid, b.attempt, b.time); err != nil {
			return err
		}
	}
	return nil
}

// committed does what is to be done when batches are committed. errGap says that some sink has not got them.
func (t *stageTask) committed(ctx context.Context, b *packet) error {
	for _, p := range t.states {
		if err := p.commit(b); err != nil {
			return err
		}
	}
	var gap error
	for _, k := range t.sinks {
		err := k.commit(ctx, b.txid, b.attempt, b.commit)
		if err != nil && !errors.Is(err, errGap) {
			return err
		}
		gap = errors.Join(gap, err)
	}
	for _, p := range t.states {
		if err := t.snapshot(p); err != nil {
			return err
		}
	}
	t.tellBase()
	return gap
}

// snapshot stores a snapshot that is due.
func (t *stageTask) snapshot(p *statePart) error {
	s, err := p.part.NextSnapshot()
	if err != nil || s == nil {
		return err
	}
	t.lastStage++
	token := t.lastStage
	t.storing[token] = s
	t.owned.Go(func() {
		m := mail{Kind: mailStored, Token: token}
		if err := t.log.PutSnapshot(t.over, s.Name, s.Data); err != nil {
			m.Error = err.Error()
		}
		t.tc.Tell(t.tc.Task, m.encode())
	})
	return nil
}

// stored takes word of a snapshot.
func (t *stageTask) stored(m mail) {
	s := t.storing[m.Token]
	if s == nil {
		return
	}
	delete(t.storing, m.Token)
	var err error
	if m.Error != "" {
		err = errors.New(m.Error)
		t.report(fmt.Errorf("snapshot %s: %w", s.Name, err))
	}
	s.Done(err)
}

// tellBase tells the coordinator from where on this task needs the log, when that has changed by enough.
func (t *stageTask) tellBase() {
	base := ^uint64(0)
	for _, p := range t.states {
		base = min(base, p.part.Base())
	}
	for _, k := range t.sinks {
		base = min(base, k.base())
	}
	if base >= t.told+trimStep/2 && base != ^uint64(0) {
		t.told = base
		t.tell(mail{Kind: mailBase, Sequence: base})
	}
}

func (t *stageTask) closeStates() error {
	var errs []error
	for _, p := range t.states {
		errs = append(errs, p.kept.Close())
	}
	for _, k := range t.sinks {
		errs = append(errs, k.close())
	}
	return errors.Join(errs...)
}
