package topology

// Slab is a batch of tuples on its way from one task to another, with the tuples in it
// by value. It is for runtimes: bolts see its tuples only.
type Slab struct {
	From   TaskID // the task that emitted all of it
	Filled int64  // when it was handed over, in the runtime's nanoseconds
	Live   int    // for the receiver: how many of its tuples are unsettled
	Origin any    // for the receiver: whom to tell that it was handled; nil for nobody
	tuples []Tuple
	wide   []Value              // the values of tuples with more than one
	links  map[*Delivery][]Link // of tuples in several trees, which are rare
	n      int
}

// NewSlab returns an empty slab with room for size tuples.
func NewSlab(size int) *Slab {
	s := &Slab{tuples: make([]Tuple, size)}
	for i := range s.tuples {
		s.tuples[i].d.Slab = s
	}
	return s
}

// Cap returns how many tuples have room in s.
func (s *Slab) Cap() int { return len(s.tuples) }

// Len returns how many tuples are in s.
func (s *Slab) Len() int { return s.n }

// Full reports whether there is no room left.
func (s *Slab) Full() bool { return s.n == len(s.tuples) }

// Tuple returns tuple i of s, which must be below Len.
func (s *Slab) Tuple(i int) *Tuple { return &s.tuples[i] }

// Reset empties s for its next use. No tuple of it may be in use any more.
func (s *Slab) Reset() { s.n, s.Live, s.Origin, s.wide, s.links = 0, 0, nil, s.wide[:0], nil }

// Add appends a tuple of the source and values with an edge in one tree (root 0:
// in none) and returns it. s must not be full.
func (s *Slab) Add(source *Stream, values []Value, root, edge uint64) *Tuple {
	t := &s.tuples[s.n]
	s.n++
	d := &t.d
	d.Root, d.Edge, d.Born = root, edge, 0
	d.Tries, d.State, d.n = 0, Unsettled, uint8(len(values))
	t.source = source
	if len(values) == 1 {
		t.only = values[0]
	} else {
		d.wide = uint32(len(s.wide))
		s.wide = append(s.wide, values...)
	}
	return t
}

// More returns the further trees of a tuple that was anchored to several; its elements may be
// changed.
func (d *Delivery) More() []Link {
	if d.Slab.links == nil {
		return nil
	}
	return d.Slab.links[d]
}

// SetMore sets what More returns.
func (d *Delivery) SetMore(links []Link) {
	if d.Slab.links == nil {
		d.Slab.links = map[*Delivery][]Link{}
	}
	d.Slab.links[d] = links
}

// Clone returns a copy of t that shares no memory with its slab, for a runtime that
// holds a tuple beyond its slab's life.
func (t *Tuple) Clone() *Tuple {
	c := NewSlab(1).Add(t.source, t.Values(), t.d.Root, t.d.Edge)
	slab := c.d.Slab
	slab.From = t.Task()
	c.d.Born, c.d.Tries, c.d.State = t.d.Born, t.d.Tries, t.d.State
	if more := t.d.More(); more != nil {
		c.d.SetMore(more)
	}
	return c
}
