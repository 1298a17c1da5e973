package transport

import (
	"bytes"
	"fmt"
	"slices"
)

// receipt is a slab that was handed over and is not granted.
type receipt struct {
	dest Dest
	of   *epoch
}

// process is one life of an end.
type process struct {
	*simulation
	end     int
	session *session
	out     *epoch
	in      *epoch // nil until something was handed over
	taken   [lanes]int
	held    []receipt
	starved map[Dest]bool
	busy    outgoing
	copy    []byte // of what is being published
	scratch [stateSize]byte
}

func (p *process) String() string { return fmt.Sprintf("life %d of end %d", p.session.self, p.end) }

// begin begins what the process knows of a life of the other end.
func (p *process) begin(fed []Dest) {
	p.out = &epoch{id: len(p.epochs), sender: p}
	p.epochs = append(p.epochs, p.out)
	p.in, p.taken, p.starved = nil, [lanes]int{}, map[Dest]bool{}
}

// payload is what is sent: which epoch it is of, its number in that, and some more.
func (p *process) payload(l lane) []byte {
	n := p.out.sent[l]
	p.out.sent[l]++
	return append([]byte{byte(p.out.id), byte(p.out.id >> 8), byte(n), byte(n >> 8)}, make([]byte, p.below(60))...)
}

func (p *process) send(d Dest) {
	before := p.session.credits.left(d)
	slab := p.payload(data)
	if p.session.send(d, slab) != (before > 0) {
		p.wrong("%v: Send with %d credits", p, before)
	}
	if before == 0 {
		p.out.sent[data]--
		p.starved[d] = true
		p.tally.starved++
	}
}

func (p *process) control() { p.session.record(p.payload(control)) }

func (p *process) grant(n int) {
	if len(p.held) > 0 {
		i := n % len(p.held)
		p.session.grant(p.held[i].dest)
		p.held = slices.Delete(p.held, i, i+1)
	}
}

func (p *process) holding(d Dest) (n int) {
	for _, r := range p.held {
		if r.dest == d && r.of == p.in {
			n++
		}
	}
	return n
}

// publish ends the publishing of one frame and begins that of the next, so that much may happen between.
func (p *process) publish() {
	p.published()
	if p.busy = p.next(p.session, p.scratch[:]); p.busy.bytes != nil {
		p.copy = bytes.Clone(p.busy.bytes)
	}
}

func (p *process) published() {
	if p.busy.bytes == nil {
		return
	}
	if !bytes.Equal(p.copy, p.busy.bytes) {
		p.wrong("%v: a frame has changed while it was published", p)
	}
	if f := p.busy.frame; f != nil {
		if f.void {
			p.tally.voidWhileBusy++
		}
		f.published()
	}
	p.network = append(p.network, message{1 - p.end, p.busy.lane, p.copy})
	p.busy = outgoing{}
}

// settle does all that there is to do.
func (p *process) settle() {
	for len(p.held) > 0 {
		p.grant(0)
	}
	p.session.flush = p.session.owes()
	for p.publish(); p.busy.bytes != nil; {
		p.publish()
	}
}

// receive does what a Peer does with a frame.
func (p *process) receive(m message) {
	h, body, err := parseHeader(m.lane, m.bytes)
	if err != nil {
		p.wrong("%v: %v", p, err)
		return
	}
	if former := p.session.peer; p.announces(p.session, m.lane, h, body) {
		p.begun(former, p.simulation.begin(p.session, h.from))
	}
	a, err := p.simulation.receive(p.session, m.lane, h, body)
	if err != nil {
		p.wrong("%v: %v", p, err)
	}
	p.handOver(m.lane, a)
	p.tally.resent = max(p.tally.resent, int(p.session.stats.Resent))
}

func (p *process) begun(former uint64, fed []Dest) {
	if former == 0 {
		return
	}
	p.tally.resets++
	if len(fed) != len(p.starved) {
		p.wrong("%v: a reset feeds %v, and %v are starved", p, fed, p.starved)
	}
	p.begin(fed)
}

func (p *process) handOver(l lane, a arrival) {
	for _, d := range a.fed {
		if !p.starved[d] {
			p.wrong("%v: credit of %d is told, for which nobody waits", p, d)
		}
		delete(p.starved, d)
	}
	for body := a.body; len(body) > 0; {
		if l == data {
			var r receipt
			var slab []byte
			r.dest, slab, body, _ = nextSlab(body)
			r.of = p.take(l, slab)
			p.held = append(p.held, r)
			p.tally.slabs++
			continue
		}
		var i controlItem
		if i, body, _ = nextItem(body); i.count == 0 {
			p.take(l, i.record)
			p.tally.records++
		}
	}
}

// take checks that what is handed over is what must come next.
func (p *process) take(l lane, b []byte) *epoch {
	e, n := p.epochs[int(b[0])|int(b[1])<<8], int(b[2])|int(b[3])<<8
	switch {
	case e.sender.end == p.end || e.sender.session.self != p.session.peer:
		p.wrong("%v, which knows life %d, is handed what %v sent", p, p.session.peer, e.sender)
	case e.bound != nil && e.bound != p:
		p.wrong("%v is handed what was for %v", p, e.bound)
	case p.in != nil && p.in != e:
		p.wrong("%v is handed what was sent before a reset", p)
	case n != p.taken[l]:
		p.wrong("%v is handed number %d of lane %d after %d", p, n, l, p.taken[l])
	}
	e.bound, p.in = p, e
	p.taken[l]++
	return e
}

// checkDone checks that all of what p has sent to q, the living of the other end, has come, and that all is even.
func (p *process) checkDone(q *process) {
	t, u := p.session.snapshot(), q.session.snapshot()
	switch {
	case !t.Up || p.session.peer != q.session.self:
		p.wrong("%v is not up with %v in the end", p, q)
	case p.out.sent != q.taken:
		p.wrong("%v has sent %v, and %v was handed %v in the end", p, p.out.sent, q, q.taken)
	case t.Unconfirmed != 0:
		p.wrong("%v has %d frames unconfirmed in the end", p, t.Unconfirmed)
	case len(p.starved) != 0:
		p.wrong("%v waits for credit of %v in the end", p, p.starved)
	case t.SlabsSent != u.SlabsHandled || int(t.SlabsSent) != p.out.sent[data]:
		p.wrong("%v counts %d slabs sent of %d, and %v %d handled", p, t.SlabsSent, p.out.sent[data], q, u.SlabsHandled)
	}
	for d := range Dest(places) {
		if left := p.session.credits.left(d); left != p.window {
			p.wrong("%v has %d credits of %d in the end", p, left, p.window)
		}
	}
}
