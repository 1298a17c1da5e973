package transport

// session is one end of a link: lives, sequences, windows and credits, without goroutines, clock or network. Its host calls
// it under a lock, publishes what next returns whenever there is something, hands receive what comes, and calls
// tick every tickInterval.
//
// The two ends find each other by states: each says its own life and the one it knows of the other. An end is up
// when a frame shows that the other knows its life. Only then does it send slabs and records, so whoever
// receives one knows the sender's life already, from a state on the control lane.
type session struct {
	self    uint64 // our life
	peer    uint64 // the highest life of the peer that we know; 0 for none
	up      bool   // the peer's life knows ours
	gone    bool   // it is no peer any more
	out     [lanes]window
	in      [lanes]inbound
	credits credits
	grants  grants
	say     [lanes]marks // states to be sent; 0 for none
	flush   bool         // what is owed is to be sent now
	heard   int          // ticks since anything came from the peer's life
	silent  int          // ticks since anything was sent
	stats   Stats
}

// Numbers of ticks.
const (
	keepAlive = 8  // without a word, after which one is sent
	lost      = 24 // without a word from the peer, after which it is not up
)

func newSession(life uint64, credits, maxFrame int) *session {
	s := &session{self: life, credits: newCredits(credits), grants: newGrants(credits)}
	for l := range s.out {
		s.out[l].limit = maxFrame
	}
	s.say[control] = ask
	return s
}

// begin takes a life of the peer that is higher than the known one. What was sent to a former life is void; what has been sent
// while none was known is for this one. It returns whom a Send has waited for. The host tells the Handler of the
// Reset, when there was a former life, before it calls anything else.
func (s *session) begin(life uint64) (fed []Dest) {
	if s.peer != 0 {
		fed = s.void()
	}
	s.peer, s.up, s.heard = life, false, 0
	s.say[control] |= noted
	return fed
}

func (s *session) void() (fed []Dest) {
	for l := range s.out {
		s.out[l].reset()
	}
	s.in = [lanes]inbound{}
	s.grants.reset()
	s.say, s.flush = [lanes]marks{}, false
	s.stats.SlabsSent, s.stats.SlabsHandled, s.stats.ControlsSent, s.stats.ControlsHandled = 0, 0, 0, 0
	return s.credits.reset()
}

// leave ends the session for good. It reports whether the peer had been up or known.
func (s *session) leave() (known bool) {
	s.void()
	s.gone, s.up = true, false
	return s.peer != 0
}

// tick sees to it that what was lost is found out.
func (s *session) tick() {
	s.heard++
	if s.silent++; s.silent >= keepAlive {
		s.say[control] |= noted
	}
	if !s.up {
		s.say[control] |= ask
		return
	}
	for l := range s.out {
		if s.out[l].stuck() {
			s.say[l] |= ask
		}
	}
}

// reconnected asks at once, on both lanes, what the peer has of what was sent.
func (s *session) reconnected() {
	s.say[control] |= ask
	if s.up {
		s.say[data] |= ask
	}
}

func (s *session) snapshot() Stats {
	t := s.stats
	t.Up = s.up && s.heard <= lost
	t.Unconfirmed = len(s.out[data].frames) + len(s.out[control].frames)
	return t
}
