package transport

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrokenLinksAreFound shows that the simulation can fail: it finds each link that breaks one thing, for the reason that it is
// broken.
func TestBrokenLinksAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		broken func(*protocol)
		found  string
	}{
		"duplicates are taken":                       {takeDuplicates, "is handed|holds"},
		"frames after a gap are taken":               {takeEarly, "is handed"},
		"frames to a former life are taken":          {takeMisaddressed, "is handed|confirms frame|in the end"},
		"frames of a former life are taken":          {takeFormer, "is handed|confirms frame"},
		"a lower life is begun":                      {beginLower, "is handed|in the end|confirms frame"},
		"credits stay used after a reset":            {keepCredits, "reset feeds|credits .* in the end|waits for credit|nobody waits"},
		"slabs of a former life are granted":         {grantStale, "holds|credits|handled"},
		"what was sent to a former life is not void": {keepFrames, "is handed|confirms frame|in the end"},
		"a gap is not heeded":                        {ignoreGaps, "in the end"},
		"a lost last frame is not found out":         {neverAsk, "in the end"},
		"a published frame is filled further":        {fillPublished, "changed while|in the end|is handed"},
		"a frame is used again while published":      {reuseBusy, "changed while|is handed"},
		"feeds are forgotten":                        {forgetFed, "waits for credit|reset feeds"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sound
			c.broken(&p)
			for seed := range uint64(2000) {
				err := newSimulation(seeded{rand.New(rand.NewPCG(seed, 0))}, p).run(2000)
				if err == nil {
					continue
				}
				require.Regexp(t, c.found, err.Error())
				t.Logf("found in simulation %d: %v", seed, err)
				return
			}
			t.Fatal("not found in 2000 simulations")
		})
	}
}

// before has a frame that is not a state changed before it is received.
func before(p *protocol, change func(*session, lane, *header)) {
	receive := p.receive
	p.receive = func(s *session, l lane, h header, body []byte) (arrival, error) {
		if h.kind != kindState {
			change(s, l, &h)
		}
		return receive(s, l, h, body)
	}
}

func ours(s *session, h *header) bool { return h.from == s.peer && h.to == s.self }

func takeDuplicates(p *protocol) {
	before(p, func(s *session, l lane, h *header) {
		if ours(s, h) && h.seq == s.in[l].received {
			s.in[l].received--
		}
	})
}

func takeEarly(p *protocol) {
	before(p, func(s *session, l lane, h *header) {
		if ours(s, h) && h.seq > s.in[l].received {
			s.in[l].received = h.seq - 1
		}
	})
}

func takeMisaddressed(p *protocol) {
	before(p, func(s *session, _ lane, h *header) { h.to = s.self })
}

func takeFormer(p *protocol) {
	before(p, func(s *session, _ lane, h *header) { h.from = s.peer })
}

func beginLower(p *protocol) {
	p.announces = func(s *session, l lane, h header, _ []byte) bool {
		return l == control && h.kind == kindState && h.from != s.peer
	}
}

func keepCredits(p *protocol) {
	p.begin = func(s *session, life uint64) []Dest {
		used := s.credits.dests
		fed := s.begin(life)
		s.credits.dests = used
		return fed
	}
}

func grantStale(p *protocol) {
	p.begin = func(s *session, life uint64) []Dest {
		fed := s.begin(life)
		for _, h := range s.grants.dests {
			h.held, h.stale = h.stale, 0
		}
		return fed
	}
}

func keepFrames(p *protocol) {
	p.begin = func(s *session, life uint64) []Dest {
		former := s.out
		s.out = newSession(s.self, s.credits.window, former[data].limit).out
		fed := s.begin(life)
		s.out = former
		return fed
	}
}

func ignoreGaps(p *protocol) {
	p.receive = func(s *session, l lane, h header, body []byte) (arrival, error) {
		h.marks &= ask | noted
		return s.receive(l, h, body)
	}
}

func neverAsk(p *protocol) {
	p.tick = func(s *session) {
		if !s.up {
			s.tick()
		}
	}
}

func fillPublished(p *protocol) {
	p.next = func(s *session, scratch []byte) outgoing {
		o := s.next(scratch)
		if o.frame != nil {
			o.frame.sealed = false
		}
		return o
	}
}

func reuseBusy(p *protocol) {
	p.next = func(s *session, scratch []byte) outgoing {
		o := s.next(scratch)
		if o.frame != nil {
			o.frame.busy = false
		}
		return o
	}
}

func forgetFed(p *protocol) {
	p.receive = func(s *session, l lane, h header, body []byte) (arrival, error) {
		a, err := s.receive(l, h, body)
		a.fed = nil
		return a, err
	}
}
