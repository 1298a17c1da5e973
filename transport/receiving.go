package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// arrival is what a frame has brought, for the host to hand over in this order.
type arrival struct {
	body []byte // well formed; empty when there is nothing new
	fed  []Dest // there is credit again, which a Send has waited for
}

// announces reports whether a frame tells of a life of the peer that is higher than the known one: the host calls begin before receive.
// Only states on the control lane do.
func (s *session) announces(l lane, h header, body []byte) bool {
	return !s.gone && l == control && h.kind == kindState && h.from > s.peer && s.agrees(body) == nil
}

// agrees returns an error when a state is malformed or the peer has other Options.
func (s *session) agrees(state []byte) error {
	if len(state) != stateSize-headerSize {
		return fmt.Errorf("a state of %d bytes", len(state))
	}
	if c := binary.LittleEndian.Uint32(state); int(c) != s.credits.window {
		return fmt.Errorf("it has %d credits and we have %d: both must have the same Options.Credits", c, s.credits.window)
	}
	return nil
}

// receive takes a frame that came on lane l. An error says what is wrong with one that no honest peer sends; it is counted
// and dropped, as are those of other lives.
func (s *session) receive(l lane, h header, body []byte) (a arrival, err error) {
	if h.kind == kindState {
		err = s.agrees(body)
	}
	if err != nil || s.gone || h.from == 0 || h.from != s.peer {
		s.stats.Refused++
		return a, err
	}
	s.heard = 0
	if h.to != s.self {
		s.misaddressed(h)
		return a, nil
	}
	if a, err = s.valid(l, h, body); err != nil {
		s.stats.Refused++
	}
	return a, err
}

// misaddressed takes a frame of a peer that knows no life of ours, or a former one.
func (s *session) misaddressed(h header) {
	if h.kind == kindState {
		s.say[control] |= noted
	} else {
		s.stats.Refused++
	}
}

// valid takes a frame from the life that we know to this life of ours.
func (s *session) valid(l lane, h header, body []byte) (a arrival, err error) {
	for m := range s.out {
		if !s.out[m].confirm(h.confirmed[m]) {
			return a, fmt.Errorf("it confirms frame %d of lane %d, and the last one sent is %d", h.confirmed[m], m, s.out[m].highest)
		}
	}
	s.up = true
	if h.kind == kindState {
		s.heed(l, h)
		return a, nil
	}
	return s.sequenced(l, h, body)
}

// heed takes what a state says.
func (s *session) heed(l lane, h header) {
	for m := range s.out {
		if h.marks&(gap<<m) != 0 {
			s.out[m].rewind()
		}
	}
	if s.in[l].judge(h.seq) == early {
		s.in[l].miss()
		s.say[control] |= gap << l
	}
	if h.marks&ask == 0 {
		return
	}
	s.say[control] |= noted
	if s.out[data].next > 0 {
		s.say[data] |= noted // who asks may have missed what was sent on either lane
	}
}

func (s *session) sequenced(l lane, h header, body []byte) (a arrival, err error) {
	switch s.in[l].judge(h.seq) {
	case duplicate:
		s.stats.Duplicates++
		s.in[l].again = true
		return a, nil
	case early:
		s.stats.Refused++
		if s.in[l].miss() {
			s.say[control] |= gap << l
		}
		return a, nil
	}
	if a, err = s.accept(l, body); err == nil {
		s.in[l].received++
		s.stats.Received++
	}
	return a, err
}

func (s *session) accept(l lane, body []byte) (arrival, error) {
	if l == data {
		return s.acceptSlabs(body)
	}
	return s.acceptItems(body)
}

func (s *session) acceptSlabs(body []byte) (a arrival, err error) {
	if err := wellFormed(body, func(b []byte) ([]byte, error) { _, _, rest, err := nextSlab(b); return rest, err }); err != nil {
		return a, err
	}
	if !s.grants.takes(body) {
		return a, errors.New("it has slabs for more than 65536 places")
	}
	for rest := body; len(rest) > 0; {
		var d Dest
		d, _, rest, _ = nextSlab(rest)
		s.grants.receive(d)
	}
	return arrival{body: body}, nil
}

func (s *session) acceptItems(body []byte) (a arrival, err error) {
	if err := wellFormed(body, func(b []byte) ([]byte, error) { _, rest, err := nextItem(b); return rest, err }); err != nil {
		return a, err
	}
	a.body = body
	for rest := body; len(rest) > 0; {
		var i controlItem
		if i, rest, _ = nextItem(rest); i.count == 0 {
			continue
		}
		if s.credits.give(i.dest, i.count) {
			a.fed = append(a.fed, i.dest)
		}
	}
	return a, nil
}

// wellFormed checks all of a body before anything of it is taken.
func wellFormed(body []byte, next func([]byte) ([]byte, error)) (err error) {
	for at := len(body); len(body) > 0; {
		if body, err = next(body); err != nil {
			return fmt.Errorf("%w, in the item %d bytes before its end", err, at)
		}
		at = len(body)
	}
	return nil
}
