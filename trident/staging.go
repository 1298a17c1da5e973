package trident

import (
	"errors"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
)

// staging is the delta of one batch on its way into the log. The batch's last packets are acked when it is there: then, and not before, the
// batch may be committed.
type staging struct {
	attempt, txid uint64
	ends          []*topology.Tuple
	records       [][]byte
	err           error
}

// stage brings what the batch has changed into the log.
func (t *stageTask) stage(b *batch, ends []*topology.Tuple) error {
	s := &staging{attempt: b.attempt, txid: b.txid, ends: ends}
	for _, p := range t.states {
		s.records = append(s.records, p.staged(b.txid)...)
	}
	for _, k := range t.sinks {
		records, err := k.staged(b)
		if err != nil {
			return err
		}
		s.records = append(s.records, records...)
	}
	if len(s.records) == 0 || isInstant(t.log) {
		t.append(s)
		t.staged(s)
		return nil
	}
	t.lastStage++
	token := t.lastStage
	t.stagings[token] = s
	t.owned.Go(func() {
		t.append(s)
		t.tc.Tell(t.tc.Task, mail{Kind: mailStaged, Token: token}.encode())
	})
	return nil
}

// append puts the records into the log. It runs in the background, except for a log whose calls don't block.
func (t *stageTask) append(s *staging) {
	for _, r := range s.records {
		if _, err := t.log.Append(t.over, s.attempt, changelog.Staged, r); err != nil {
			s.err = err
			return
		}
	}
}

// staged settles the batch's last packets. When another attempt has begun meanwhile, nothing of this one can be committed any more, and nobody waits
// for them: to fail them would be an error that is none.
func (t *stageTask) staged(s *staging) {
	fenced := errors.Is(s.err, changelog.ErrFenced)
	for _, e := range s.ends {
		if s.err == nil || fenced {
			t.ack(e)
		} else {
			t.failTuple(e, s.err)
		}
	}
}
