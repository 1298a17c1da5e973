package state

import "fmt"

// Snapshot is one that the caller stores: with the log's PutSnapshot, on any goroutine.
type Snapshot struct {
	Name string
	Data []byte

	p    *Partition
	unit span
	slot int
	at   kept
}

// kept is a snapshot that is stored: of which batch, and from where on the log is needed with it.
type kept struct{ txid, base uint64 }

// unit is what is stored of one unit. A zero kept is none.
type unit [slots]kept

// turn returns the slot to be written next: the one whose snapshot is older.
func (u *unit) turn() int {
	if u[0].txid <= u[1].txid {
		return 0
	}
	return 1
}

// cycle makes snapshots of the partition, unit by unit. It begins when enough has been staged since the one before began, and goes on with each call.
type cycle struct {
	all     []span         // the partition's units
	units   map[span]*unit // what is stored of each, and of those of other numbers of partitions
	birth   birth
	staged  int64       // bytes since the last cycle began
	began   uint64      // the sequence at which it did
	running bool        // there are slices to do
	slice   int         // the next
	queue   []*Snapshot // encoded, and not yet handed out
	out     *Snapshot   // handed out, and not yet done
}

// NextSnapshot returns a snapshot that is due, or nil: a part of the state at a time, so that the task stands still for milliseconds only. The caller stores it
// and says so to its Done; until then there is no other. It is to be asked after each Commit. Errors are the store's.
func (p *Partition) NextSnapshot() (*Snapshot, error) {
	c := &p.cycle
	if !p.ready || c.out != nil || !p.due() {
		return nil, nil
	}
	for len(c.queue) == 0 && c.running {
		if err := p.encodeSlice(c.slice); err != nil {
			return nil, fmt.Errorf("state %q: making a snapshot: %w", p.o.Name, err)
		}
		c.slice++
		c.running = c.slice < Slices
	}
	if len(c.queue) == 0 {
		return nil, nil
	}
	c.out, c.queue = c.queue[0], c.queue[1:]
	return c.out, nil
}

// due says whether a cycle is under way, and begins one when it is time.
func (p *Partition) due() bool {
	c := &p.cycle
	if c.running || len(c.queue) > 0 {
		return true
	}
	_, size := p.store.Size()
	changed := c.staged >= p.o.SnapshotBytes && float64(c.staged) >= p.o.SnapshotFactor*float64(size)
	times := max(1, float64(size)/float64(p.o.SnapshotBytes))
	if behind := float64(p.sequence) - float64(c.began); !changed && behind < times*float64(p.o.SnapshotRecords) {
		return false
	}
	c.staged, c.began, c.running, c.slice = 0, p.sequence, true, 0
	return true
}

// lastBegan returns about where the last cycle that has been stored whole began, or else the state.
func (c *cycle) lastBegan() uint64 {
	began := ^uint64(0)
	for _, groups := range c.all {
		u := c.units[groups]
		if u == nil {
			return c.birth.base
		}
		began = min(began, max(u[0].base, u[1].base))
	}
	return began
}

// Done says that a snapshot is stored, or with an error that it may not be: then it is handed out again. The task calls it, once.
func (s *Snapshot) Done(err error) {
	c := &s.p.cycle
	if c.out == s {
		c.out = nil
		if err != nil {
			c.queue = append([]*Snapshot{s}, c.queue...)
		}
	}
	if err == nil {
		s.p.stored(s.unit, s.slot, s.at)
	}
}

func (p *Partition) stored(groups span, slot int, at kept) {
	u := p.cycle.units[groups]
	if u == nil {
		u = &unit{}
		p.cycle.units[groups] = u
	}
	u[slot] = at
}

// Base returns the sequence of the log below which this partition needs nothing. It is that of the older of each unit's two snapshots, see slots; until all units have two, that of
// the state's beginning.
func (p *Partition) Base() uint64 {
	base := p.needed()
	for _, groups := range p.cycle.all {
		u := p.cycle.units[groups]
		if u == nil || u[0].txid == 0 || u[1].txid == 0 {
			return min(base, p.cycle.birth.base)
		}
		base = min(base, u[0].base, u[1].base)
	}
	return base
}

// encodeSlice queues snapshots of the slice's units, and drops from the store what has expired.
func (p *Partition) encodeSlice(slice int) error {
	units := p.groups.units(slice)
	if len(units) == 0 {
		return nil
	}
	entries, expired, err := p.collect(slice, units)
	if err != nil {
		return err
	}
	for i, groups := range units {
		p.cycle.queue = append(p.cycle.queue, p.encode(groups, entries[i]))
	}
	return p.drop(expired)
}

// collect returns the entries of each unit, and the keys whose values have expired.
func (p *Partition) collect(slice int, units []span) (entries [][]byte, expired []string, err error) {
	entries = make([][]byte, len(units))
	err = p.store.Slice(slice, func(key string, value []byte) bool {
		if _, ok := p.alive(value, p.point.Time); !ok {
			expired = append(expired, key)
			return true
		}
		i := 0
		if len(units) > 1 {
			i = Group(key) - units[0].low
		}
		entries[i] = appendChange(entries[i], key, value)
		return true
	})
	return entries, expired, err
}

func (p *Partition) encode(groups span, entries []byte) *Snapshot {
	at := kept{p.point.TxID, p.needed()}
	i := image{p.o.Name, groups, at.txid, at.base, p.point.Time, p.o.TTL > 0, entries}
	slot := 0
	if u := p.cycle.units[groups]; u != nil {
		slot = u.turn()
	}
	data := i.append(make([]byte, 0, len(entries)+maxName+80))
	return &Snapshot{Name: snapshotName(p.o.Name, groups, slot), Data: data, p: p, unit: groups, slot: slot, at: at}
}

func (p *Partition) drop(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	return p.store.Apply(p.point, func(yield func(string, []byte) bool) {
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
	})
}
