package commit

import (
	"fmt"
	"maps"
	"time"
)

// partitionTask keeps a partition of the state: the committed values, and an overlay for each batch that is not committed.
type partitionTask struct {
	w      *world
	tasks  *tasks
	index  int
	life   int // counts its starts
	opened bool
	fence  Attempt // its own: attempts before it are over
	wakeAt int64   // wants a batch of this time
	woken  bool    // has had it, in this attempt

	attempt  Attempt
	expected TxID // the next to be worked at
	gathered map[TxID]*gathering

	txid     TxID // that the values are of
	values   map[int]value
	overlays []overlay // in txid order
}

type overlay struct {
	id    batchID
	delta delta
}

// gathering is a batch of which not all chunks are there.
type gathering struct {
	packet packet
	chunks map[int]chunk // by source
}

// open begins a life: it fences, so that what it reads then is all there will ever be of attempts before.
func (p *partitionTask) open() {
	p.life++
	life := p.life
	*p = partitionTask{w: p.w, tasks: p.tasks, index: p.index, wakeAt: p.wakeAt, life: life}
	p.w.later(func() {
		if life == p.life && !p.w.broken.noFenceOnOpen {
			p.fence = p.w.log.fence(0)
		}
		p.w.later(func() {
			if life == p.life {
				p.recover()
				p.opened = true
			}
		})
	})
}

// nag asks for a batch at a certain time, again and again until it has come.
func (p *partitionTask) nag() {
	p.w.after(time.Duration(50+p.w.below(100))*time.Millisecond, p.nag)
	if at := p.wakeAt; !p.woken {
		h := p.tasks.host
		p.w.mail(func() { h.step(Wake{Stage: p.index, At: at}) })
	}
}

// recover reads the log.
func (p *partitionTask) recover() {
	p.w.tally.recoveries++
	p.txid, p.values = p.w.log.last.TxID, map[int]value{}
	for key, v := range p.w.log.values {
		if p.owns(key) {
			p.values[key] = v
		}
	}
	p.keep(func(o overlay) bool { return o.id.txid > p.txid && o.id.attempt == p.attempt })
	p.check()
}

func (p *partitionTask) owns(key int) bool { return p.w.owner(key) == p.index }

func (p *partitionTask) keep(which func(overlay) bool) {
	var kept []overlay
	for _, o := range p.overlays {
		if which(o) {
			kept = append(kept, o)
		}
	}
	p.overlays = kept
}

// check compares the committed values with the oracle's at the commit that they are said to be of.
func (p *partitionTask) check() {
	positions, ok := p.w.log.commits[p.txid]
	if !ok {
		p.w.wrong("partition %d shows txid %d, which is not committed", p.index, p.txid)
		return
	}
	p.w.log.oracle.check(fmt.Sprint("partition ", p.index), p.txid, p.values, positions, p.owns)
}

// announced reports whether the partition was there to hear it.
func (p *partitionTask) announced(txid TxID, attempt Attempt) bool {
	if p.opened {
		p.settle(txid, attempt)
	}
	return p.opened
}

// settle makes the values those of a commit: by folding what it has staged for it, or from the log.
func (p *partitionTask) settle(txid TxID, attempt Attempt) {
	if txid <= p.txid {
		return
	}
	for next := p.txid + 1; next <= txid; next++ {
		if !p.has(batchID{next, attempt}) {
			p.recover()
			return
		}
	}
	p.fold(txid)
	p.check()
}

func (p *partitionTask) has(id batchID) bool {
	for _, o := range p.overlays {
		if o.id == id || p.w.broken.foldsAny && o.id.txid == id.txid {
			return true
		}
	}
	return false
}

func (p *partitionTask) fold(txid TxID) {
	for _, o := range p.overlays {
		if o.id.txid <= txid {
			maps.Copy(p.values, o.delta)
		}
	}
	p.txid = txid
	p.keep(func(o overlay) bool { return o.id.txid > txid })
}

func (p *partitionTask) chunk(from packet, source int, c chunk) {
	b := from.batch
	if !p.opened || b.Attempt <= p.fence || !p.enter(b) {
		from.host.nack(from.id())
		return
	}
	if b.Attempt < p.attempt || b.TxID < p.expected {
		p.w.tally.stale++
		from.host.ack(from.id(), p.index)
		return
	}
	g := p.gathered[b.TxID]
	if g == nil {
		g = &gathering{from, map[int]chunk{}}
		p.gathered[b.TxID] = g
	}
	g.chunks[source] = c
	p.work()
}

// enter takes what the header says of commits and attempts. It reports false for an attempt that can't be the last.
func (p *partitionTask) enter(b Batch) bool {
	if b.Attempt < p.attempt {
		return true
	}
	p.settle(b.From-1, b.LastAttempt)
	if b.Attempt == p.attempt {
		return true
	}
	if p.txid != b.From-1 && !p.w.broken.noFenceOnOpen {
		return false
	}
	p.attempt, p.expected, p.gathered, p.woken = b.Attempt, b.From, map[TxID]*gathering{}, false
	if p.w.broken.noFenceOnOpen {
		p.expected = b.TxID // joins an attempt that is under way
	}
	if !p.w.broken.foldsAny {
		p.overlays = nil
	}
	return true
}

// work does the batches of which all is there, in order.
func (p *partitionTask) work() {
	for g := p.gathered[p.expected]; g != nil && len(g.chunks) == p.w.opt.Sources; g = p.gathered[p.expected] {
		delete(p.gathered, p.expected)
		p.expected++
		o := overlay{g.packet.id(), delta{}}
		p.overlays = append(p.overlays, o)
		for source := range p.w.opt.Sources {
			for _, r := range g.chunks[source] {
				o.delta[r.key] = p.get(r.key).with(r.number)
			}
		}
		p.woken = p.woken || p.wakeAt <= g.packet.batch.Time
		p.stage(g.packet, o)
	}
}

func (p *partitionTask) get(key int) value {
	for i := len(p.overlays) - 1; i >= 0; i-- {
		if v, ok := p.overlays[i].delta[key]; ok {
			return v
		}
	}
	return p.values[key]
}

// stage appends the delta and acks. The append is under way in the log's client: it lands even if this life ends.
func (p *partitionTask) stage(from packet, o overlay) {
	life := p.life
	d := maps.Clone(o.delta)
	if p.w.broken.acksEarly {
		from.host.ack(o.id, p.index)
	}
	p.w.later(func() {
		lost := p.w.chance(60)
		ok := !lost && p.w.log.stage(o.id, p.index, d)
		p.w.later(func() { p.stagedIn(life, from, o, ok, lost) })
	})
}

func (p *partitionTask) stagedIn(life int, from packet, o overlay, ok, lost bool) {
	switch {
	case life != p.life:
	case ok:
		from.host.ack(o.id, p.index)
	case lost && p.w.below(2) == 0:
		p.stage(from, o) // a delta may be appended again
	default:
		from.host.nack(o.id)
	}
}
