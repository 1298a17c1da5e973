package commit

import "strconv"

// value is the state of a key: how many records it has had, and a hash over them in their order. So a record
// that is lost, doubled or out of order shows.
type value struct {
	count int
	chain uint64
}

func (v value) with(record int) value {
	return value{count: v.count + 1, chain: (v.chain+uint64(record)+1)*0x9e3779b97f4a7c15 ^ v.chain>>29}
}

// oracle knows what the state must be at each position of each partition of the source.
type oracle struct {
	w     *world
	after [][][keysEach]value // by partition of the source, and by position
}

func newOracle(w *world) oracle {
	o := oracle{w: w, after: make([][][keysEach]value, w.parts())}
	for p := range o.after {
		o.after[p] = make([][keysEach]value, w.records+1)
		for i := range w.records {
			next := o.after[p][i]
			k := w.key(p, i) % keysEach
			next[k] = next[k].with(i)
			o.after[p][i+1] = next
		}
	}
	return o
}

// parts returns how many partitions the source has.
func (w *world) parts() int { return w.opt.Sources * w.partsEach }

// key returns the key of a record. A key is fed by one partition of the source only, so that its records have an order.
func (w *world) key(part, record int) int {
	h := (w.seed+uint64(part)*31+uint64(record))*0xbf58476d1ce4e5b9 + uint64(record)
	return part*keysEach + int(h>>40)%keysEach
}

// owner returns the state partition of a key.
func (w *world) owner(key int) int { return key % w.partitions }

// check compares the values of those keys that one owns with what they must be at the positions.
func (o oracle) check(who string, txid TxID, values map[int]value, positions map[string][]byte, owns func(key int) bool) {
	for part := range o.after {
		at := decodePosition(positions[partName(part)])
		for k, want := range o.after[part][at] {
			if key := part*keysEach + k; owns(key) && values[key] != want {
				o.w.wrong("%s shows %v for key %d at txid %d, must be %v", who, values[key], key, txid, want)
			}
		}
	}
}

func partName(part int) string { return "part" + strconv.Itoa(part) }
