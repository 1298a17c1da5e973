package transport

import (
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
