package state

// Limits of what a batch may change.
const (
	MaxKey   = 16 << 10  // bytes of a key
	MaxValue = 16 << 20  // bytes of a value
	MaxBatch = 256 << 20 // bytes of a batch's keys and values in one partition, with what was written over
)

// overlay has what one batch has changed. Its memory is used again for a later batch.
type overlay struct {
	txid, attempt uint64
	time          int64 // the batch's, in ms
	entries       []entry
	arena         []byte // the values
	keys          int    // bytes of the keys
}

// entry is a key that the batch has changed. Invariant: an overlay has one entry of a key at most.
type entry struct {
	key              string
	from, size, room uint32 // of the value in the arena
	deleted          bool
}

func (o *overlay) add(key string, value []byte) {
	o.keys += len(key)
	n := uint32(len(value))
	o.entries = append(o.entries, entry{key, uint32(len(o.arena)), n, n, value == nil})
	o.arena = append(o.arena, value...)
}

// set changes an entry's value. One that grows gets room for more: a list that is put again with each element would fill the arena with its former selves.
func (o *overlay) set(e *entry, value []byte) {
	n := uint32(len(value))
	if n > e.room {
		e.from, e.room = uint32(len(o.arena)), n+n/2
		o.arena = append(o.arena, value...)
		o.arena = append(o.arena, make([]byte, n/2)...)
	} else {
		copy(o.arena[e.from:e.from+n], value)
	}
	e.size, e.deleted = n, value == nil
}

// value returns an entry's value, nil when it was deleted.
func (o *overlay) value(e *entry) []byte {
	switch {
	case e.deleted:
		return nil
	case e.size == 0:
		return []byte{} // the arena may be nil
	}
	return o.arena[e.from : e.from+e.size : e.from+e.size]
}

// holds says whether n more bytes are within bounds; a value that grows takes half as much again.
func (o *overlay) holds(n int) bool { return len(o.arena)+o.keys+n+n/2 <= MaxBatch }

// keepArena is how large an arena may be that is kept for a later batch, in bytes, and keepEntries how many entries.
const (
	keepArena   = 8 << 20
	keepEntries = 1 << 18
)

// reset empties the overlay for another use.
func (o *overlay) reset() {
	clear(o.entries)
	o.entries, o.arena = o.entries[:0], o.arena[:0]
	if cap(o.arena) > keepArena {
		o.arena = nil
	}
	if cap(o.entries) > keepEntries {
		o.entries = nil
	}
	o.keys = 0
}
