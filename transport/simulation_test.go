package transport

import (
	"bytes"
	"fmt"
	"slices"
)

// choice makes the decisions of a simulation: below returns a number in [0, n).
type choice interface{ below(n int) int }

// protocol is what a session does. The simulation calls it so, that tests can break one thing.
type protocol struct {
	announces func(*session, lane, header, []byte) bool
	begin     func(*session, uint64) []Dest
	receive   func(*session, lane, header, []byte) (arrival, error)
	next      func(*session, []byte) outgoing
	tick      func(*session)
}

var sound = protocol{(*session).announces, (*session).begin, (*session).receive, (*session).next, (*session).tick}

// simulation is the two ends of a link and a network between that loses, doubles, delays and reorders. Ends are restarted; their
// former processes live on as zombies. A process that hands over what it should not, or does not what it should, ends the
// simulation.
type simulation struct {
	choice
	protocol
	window    int
	maxFrame  int
	faults    bool
	processes [2][]*process // of each end, the last one is the living
	network   []message
	epochs    []*epoch
	tally     tally
	problem   error
}

// tally counts what has come to be tested.
type tally struct{ slabs, records, restarts, resets, dropped, doubled, reordered, resent, starved, voidWhileBusy int }

// message is a frame under way to all processes of an end.
type message struct {
	to    int
	lane  lane
	bytes []byte
}

// epoch is all that a process sends to one life of the other end.
type epoch struct {
	id     int
	sender *process
	bound  *process // that something of it was handed to
	sent   [lanes]int
}

const (
	places  = 3 // Dests
	zombies = 2 // at most, of an end
)

func newSimulation(c choice, p protocol) *simulation {
	s := &simulation{choice: c, protocol: p, window: 1 + c.below(4), maxFrame: 1 + c.below(200), faults: true}
	s.restart(0)
	s.restart(1)
	return s
}

// run makes n steps with faults and then lets all come to its end without.
func (s *simulation) run(n int) error {
	for i := 0; i < n && s.problem == nil; i++ {
		s.step()
		s.checkCredits()
	}
	s.finish()
	return s.problem
}

func (s *simulation) step() {
	p := s.any()
	switch k := s.below(100); {
	case k < 20:
		p.send(Dest(s.below(places)))
	case k < 30:
		p.control()
	case k < 42:
		p.grant(s.below(64))
	case k < 62:
		p.publish()
	case k < 90:
		s.deliver()
	case k < 93:
		s.tick(p.session)
	case k < 97:
		p.session.flush = p.session.owes()
	case k < 98:
		p.session.reconnected()
	case k < 99:
		s.fault()
	default:
		s.maybeRestart()
	}
}

// any returns a process, mostly a living one.
func (s *simulation) any() *process {
	of := s.processes[s.below(2)]
	if s.below(4) > 0 {
		return of[len(of)-1]
	}
	return of[s.below(len(of))]
}

// fault loses much at once, as a server does that restarts.
func (s *simulation) fault() {
	s.tally.dropped += len(s.network)
	s.network = nil
}

func (s *simulation) maybeRestart() {
	if s.below(4) == 0 {
		s.restart(s.below(2))
		s.tally.restarts++
	}
}

func (s *simulation) restart(end int) {
	life := uint64(1 + s.below(2))
	if n := len(s.processes[end]); n > 0 {
		life += s.processes[end][n-1].session.self
	}
	p := &process{simulation: s, end: end, session: newSession(life, s.window, s.maxFrame)}
	p.begin(nil)
	s.processes[end] = append(s.processes[end], p)
	if len(s.processes[end]) > zombies+1 {
		s.processes[end] = s.processes[end][1:]
	}
}

// deliver takes a message from the network: the first, but for faults.
func (s *simulation) deliver() {
	if len(s.network) == 0 {
		return
	}
	i, keep := 0, false
	if s.faults {
		switch k := s.below(32); {
		case k < 2:
			i = s.below(len(s.network))
			s.tally.reordered += min(i, 1)
		case k < 4:
			keep = true
			s.tally.doubled++
		case k < 6:
			s.network = s.network[1:]
			s.tally.dropped++
			return
		}
	}
	m := s.network[i]
	if !keep {
		s.network = slices.Delete(s.network, i, i+1)
	}
	for _, p := range s.processes[m.to] {
		p.receive(m)
	}
}

func (s *simulation) wrong(format string, args ...any) {
	if s.problem == nil {
		s.problem = fmt.Errorf(format, args...)
	}
}

// checkCredits checks that nobody has more under way than the window, and that the books agree with what was handed over.
func (s *simulation) checkCredits() {
	for _, p := range slices.Concat(s.processes[0], s.processes[1]) {
		for d := range Dest(places) {
			if left := p.session.credits.left(d); left < 0 || left > s.window {
				s.wrong("%v has %d credits of %d", p, left, s.window)
			}
			if held := p.holding(d); held > s.window {
				s.wrong("%v holds %d slabs, the window is %d", p, held, s.window)
			}
		}
	}
}

// finish ends all faults, and then looks whether all has come that was sent between the living.
func (s *simulation) finish() {
	s.faults = false
	for range 40 {
		for _, p := range slices.Concat(s.processes[0], s.processes[1]) {
			s.tick(p.session)
			p.settle()
		}
		for len(s.network) > 0 && s.problem == nil {
			s.deliver()
		}
	}
	a, b := s.processes[0][len(s.processes[0])-1], s.processes[1][len(s.processes[1])-1]
	a.checkDone(b)
	b.checkDone(a)
}

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
