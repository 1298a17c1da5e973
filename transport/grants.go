package transport

// grants is what was received and what of it may be told to have been handled: the receiver's half of the flow control.
type grants struct {
	urgent int // how many grants of one Dest can't wait
	dests  map[Dest]*holding
	owing  []Dest // whose owed is above 0
	due    bool   // some of them is at urgent
}

// holding counts the slabs of one Dest that were handed over.
type holding struct {
	held  int // not granted
	stale int // not granted, and of a former pair of lives. Grants count for these first, as they came first.
	owed  int // granted, and the peer not told
}

func newGrants(window int) grants {
	return grants{urgent: max(1, window/4), dests: map[Dest]*holding{}}
}

// takes reports whether there is room to count the slabs of a body that is well formed.
func (g *grants) takes(body []byte) bool {
	unknown := 0
	for len(body) > 0 {
		d, _, rest, _ := nextSlab(body)
		if g.dests[d] == nil {
			unknown++
		}
		body = rest
	}
	return len(g.dests)+unknown <= maxDests
}

// receive counts a slab that is about to be handed over.
func (g *grants) receive(d Dest) {
	h := g.dests[d]
	if h == nil {
		h = new(holding)
		g.dests[d] = h
	}
	h.held++
}

// grant counts one that was handled. It reports whether that was one of the present lives.
func (g *grants) grant(d Dest) bool {
	h := g.dests[d]
	switch {
	case h == nil || h.held+h.stale == 0:
		return false
	case h.stale > 0:
		h.stale--
		return false
	}
	h.held--
	if h.owed++; h.owed == 1 {
		g.owing = append(g.owing, d)
	}
	g.due = g.due || h.owed >= g.urgent
	return true
}

// flush appends all that is owed to a window.
func (g *grants) flush(w *window) {
	for _, d := range g.owing {
		h := g.dests[d]
		f := w.room(grantSize)
		f.buf = appendGrant(f.buf, d, h.owed)
		h.owed = 0
	}
	g.owing, g.due = g.owing[:0], false
}

// reset begins a new pair of lives: the peer has all its credits, and what is still held is stale.
func (g *grants) reset() {
	for d, h := range g.dests {
		if *h = (holding{stale: h.stale + h.held}); h.stale == 0 {
			delete(g.dests, d)
		}
	}
	g.owing, g.due = g.owing[:0], false
}
