package transport

import "encoding/binary"

// send takes a slab if there is credit.
func (s *session) send(d Dest, slab []byte) bool {
	if s.gone {
		return false
	}
	if !s.credits.take(d) {
		s.stats.Blocked++
		return false
	}
	s.stats.SlabsSent++
	f := s.out[data].room(slabHead + len(slab))
	f.buf = appendSlab(f.buf, d, slab)
	return true
}

// record takes a control record.
func (s *session) record(r []byte) {
	if s.gone {
		return
	}
	s.stats.ControlsSent++
	f := s.out[control].room(recordHead + len(r))
	f.buf = appendRecord(f.buf, r)
}

// grant takes the word of a receiver that it has handled a slab.
func (s *session) grant(d Dest) {
	if !s.gone && s.grants.grant(d) {
		s.stats.SlabsHandled++
	}
}

// ready reports whether next would return something.
func (s *session) ready() bool {
	if s.gone {
		return false
	}
	return s.say[control] != 0 || s.up && (s.say[data] != 0 || s.out[data].ready() || s.out[control].ready() || s.mustFlush())
}

func (s *session) mustFlush() bool {
	return s.grants.due || s.in[data].due() || s.in[control].due() || s.flush && s.owes()
}

// owes reports whether there are grants or confirmations that the peer should be told soon.
func (s *session) owes() bool {
	return s.up && (len(s.grants.owing) > 0 || s.in[data].owes() || s.in[control].owes())
}

// outgoing is what is to be published.
type outgoing struct {
	lane  lane
	bytes []byte
	frame *frame // nil for a state; the host calls its published when bytes have been
}

// next returns what to publish next; it has no bytes when there is nothing. Control goes before data. scratch has
// room for a state.
func (s *session) next(scratch []byte) outgoing {
	if !s.ready() {
		s.flush = false
		return outgoing{}
	}
	s.silent = 0
	if s.say[control] != 0 {
		return s.state(control, scratch)
	}
	if s.mustFlush() || s.out[control].ready() {
		s.grants.flush(&s.out[control])
	}
	return s.nextFrame(scratch)
}

func (s *session) nextFrame(scratch []byte) outgoing {
	switch {
	case s.out[control].ready():
		return s.publish(control)
	case s.mustFlush():
		return s.state(control, scratch)
	case s.say[data] != 0:
		return s.state(data, scratch)
	case s.out[data].ready():
		return s.publish(data)
	}
	s.flush = false // grants were all, and wait in a frame with room
	return outgoing{}
}

// state makes a state for lane l. Since it bears the sequence that comes next, whoever gets it sees what was lost.
func (s *session) state(l lane, scratch []byte) outgoing {
	h := s.header(kindState, s.out[l].nextSeq())
	h.marks = s.say[l]
	s.say[l] = 0
	b := scratch[:stateSize]
	h.put(b)
	binary.LittleEndian.PutUint32(b[headerSize:], uint32(s.credits.window))
	return outgoing{lane: l, bytes: b}
}

func (s *session) publish(l lane) outgoing {
	f, seq, again := s.out[l].take()
	if again {
		s.stats.Resent++
	} else {
		s.stats.Sent++
	}
	s.stats.Bytes += int64(len(f.buf))
	h := s.header(kind(l)+1, seq)
	h.put(f.buf)
	return outgoing{lane: l, bytes: f.buf, frame: f}
}

func (s *session) header(k kind, seq uint64) header {
	h := header{kind: k, from: s.self, to: s.peer, seq: seq}
	for l := range s.in {
		h.confirmed[l] = s.in[l].tell()
	}
	return h
}
