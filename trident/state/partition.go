package state

import (
	"fmt"
	"regexp"
	"time"

	"github.com/galestream/gale/trident/changelog"
)

// Options say what a partition is.
type Options struct {
	Name              string // of the state: letters, digits, and . _ + -, at most 128 bytes; the same at every start
	Index, Partitions int    // which of how many partitions; at most Groups
	Log               changelog.Log
	Store             Store // the caller closes it when it no longer uses the partition

	// Commit reads the txid and the attempt out of a Commit record's payload.
	Commit func(payload []byte) (txid, attempt uint64, err error)

	// TTL is how long a value is there after the batch that wrote it, by the batches' time; 0 is for ever.
	TTL time.Duration

	// SnapshotBytes is how many bytes of changes a partition stages, at least, before it stores its snapshots anew; 0 is 32 MiB. It waits for
	// SnapshotFactor times the state's size when that is more; 0 is 2.
	SnapshotBytes  int64
	SnapshotFactor float64

	// SnapshotRecords is how many records the log grows by, those of others included, before a partition stores its snapshots anew however little it has staged: else a state that
	// changes little would keep the log from being trimmed. 0 is 16384. A state larger than SnapshotBytes waits for as many times more.
	SnapshotRecords uint64

	// ReadOnly says that the state is only looked at, as of a topology that does not run: Recover writes nothing to the log.
	ReadOnly bool
}

// maxName is how many bytes a state's name may have.
const maxName = 128

var goodName = regexp.MustCompile(`^[A-Za-z0-9._+-]+$`)

func (o *Options) check() error {
	switch {
	case len(o.Name) > maxName || !goodName.MatchString(o.Name):
		return fmt.Errorf("state name %q: it has to be letters, digits and . _ + -, at most %d bytes", o.Name, maxName)
	case o.Partitions < 1 || o.Partitions > Groups:
		return fmt.Errorf("state %q: %d partitions: there can be 1 to %d", o.Name, o.Partitions, Groups)
	case o.Index < 0 || o.Index >= o.Partitions:
		return fmt.Errorf("state %q: partition %d of %d", o.Name, o.Index, o.Partitions)
	case o.Log == nil || o.Store == nil || o.Commit == nil:
		return fmt.Errorf("state %q: a partition needs a Log, a Store and a Commit", o.Name)
	case o.TTL < 0 || o.TTL > 0 && o.TTL < time.Millisecond:
		return fmt.Errorf("state %q: a TTL of %v: it has to be 0 or at least 1ms", o.Name, o.TTL)
	}
	if o.SnapshotBytes <= 0 {
		o.SnapshotBytes = 32 << 20
	}
	if o.SnapshotFactor <= 0 {
		o.SnapshotFactor = 2
	}
	if o.SnapshotRecords == 0 {
		o.SnapshotRecords = 16384
	}
	return nil
}

// Partition is one task's part of a state. Only that task's goroutine may use it.
type Partition struct {
	o      Options
	groups span
	store  Store

	point    Point  // how far the store has come
	sequence uint64 // all records of the log through it that matter here are folded
	ready    bool   // recovered

	overlays []*overlay     // of the batches after point.TxID, in order of txid without gaps; all of one attempt
	number   uint32         // of overlays[0]; the next has number+1
	latest   map[string]ref // the newest entry of each key that has one in overlays
	peak     int            // the most that latest has had
	spare    []*overlay
	marks    []mark
	body     []byte // scratch of Staged
	wrapped  []byte // scratch of wrap

	cycle cycle
}

// ref is an entry of an overlay.
type ref struct{ overlay, entry uint32 }

// OpenPartition returns a partition that has to be recovered before anything else. An error says what is wrong with the options.
func OpenPartition(o Options) (*Partition, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &Partition{o: o, groups: owned(o.Index, o.Partitions), store: o.Store, latest: map[string]ref{}}
	p.cycle.units = map[span]*unit{}
	for slice := range Slices {
		p.cycle.all = append(p.cycle.all, p.groups.units(slice)...)
	}
	return p, nil
}

// TxID returns the last batch that is committed here.
func (p *Partition) TxID() uint64 { return p.point.TxID }

// Pending returns how many batches have begun that are not committed.
func (p *Partition) Pending() int { return len(p.overlays) }

// Size returns how many committed keys there are, and how many bytes they and their values have. Expired ones count until a snapshot drops them.
func (p *Partition) Size() (keys int, bytes int64) { return p.store.Size() }

// Begin begins a batch: what is put from now on is its. It has to be the one after the last that has begun, or else after the last that is committed. now
// is the batch's time in ms, by which values expire. It returns [ErrGap] when batches before it are missing, and [ErrOrder].
func (p *Partition) Begin(txid, attempt uint64, now int64) error {
	next := p.point.TxID + uint64(len(p.overlays)) + 1
	switch {
	case !p.ready || txid > next:
		return fmt.Errorf("state %q: batch %d begins, and the next here is %d: %w", p.o.Name, txid, next, ErrGap)
	case txid < next || len(p.overlays) > 0 && p.overlays[0].attempt != attempt:
		return fmt.Errorf("state %q: batch %d of attempt %d begins, and the next here is %d: %w", p.o.Name, txid, attempt, next, ErrOrder)
	}
	o := p.overlay()
	o.txid, o.attempt, o.time = txid, attempt, max(now, p.point.Time)
	p.overlays = append(p.overlays, o)
	p.note(txid)
	return nil
}

func (p *Partition) overlay() *overlay {
	if n := len(p.spare); n > 0 {
		o := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return o
	}
	return &overlay{}
}

// Get returns a key's value as the batch that began last sees it: its own change, or the newest of the batches before, or what is committed. The value must not
// be changed, and is valid until the next Put, Delete, Commit or Abort. Errors come from the store.
func (p *Partition) Get(key string) (value []byte, ok bool, err error) {
	if r, ok := p.latest[key]; ok {
		o := p.overlays[r.overlay-p.number]
		value := o.value(&o.entries[r.entry])
		return value, value != nil && !p.expired(o.time, p.now()), nil
	}
	return p.committed(key, p.now())
}

// now is the time of the batch that began last.
func (p *Partition) now() int64 {
	if n := len(p.overlays); n > 0 {
		return p.overlays[n-1].time
	}
	return p.point.Time
}

// Committed returns a key's committed value, as of the last committed batch's time. As with Get, the value is valid until the next Commit, and must not be changed.
func (p *Partition) Committed(key string) (value []byte, ok bool, err error) {
	return p.committed(key, p.point.Time)
}

func (p *Partition) committed(key string, now int64) ([]byte, bool, error) {
	stored, ok, err := p.store.Get(key)
	if !ok || err != nil {
		return nil, false, err
	}
	value, ok := p.alive(stored, now)
	return value, ok, nil
}

// Put changes a key's value in the batch that began last. The value is copied; the key is kept until the batch is committed or aborted, and must not change. nil is an empty value.
// Errors: [ErrTooLarge], [ErrForeign], and [ErrOrder] when no batch has begun.
func (p *Partition) Put(key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return p.change(key, value)
}

// Delete deletes a key in the batch that began last. Errors are Put's.
func (p *Partition) Delete(key string) error { return p.change(key, nil) }

func (p *Partition) change(key string, value []byte) error {
	n := len(p.overlays)
	if n == 0 {
		return fmt.Errorf("state %q: a change without a batch: %w", p.o.Name, ErrOrder)
	}
	o := p.overlays[n-1]
	current := p.number + uint32(n-1)
	r, ok := p.latest[key]
	switch {
	case len(value) > MaxValue || !o.holds(len(key)+len(value)):
		return p.tooLarge(key, value)
	case ok && r.overlay == current:
		o.set(&o.entries[r.entry], value)
		return nil
	case len(key) > MaxKey:
		return p.tooLarge(key, value)
	case !p.groups.has(Group(key)):
		return fmt.Errorf("state %q: key %q in partition %d of %d: %w", p.o.Name, short(key), p.o.Index, p.o.Partitions, ErrForeign)
	}
	p.latest[key] = ref{current, uint32(len(o.entries))}
	o.add(key, value)
	return nil
}

func (p *Partition) tooLarge(key string, value []byte) error {
	return fmt.Errorf("state %q: key %q of %d bytes with a value of %d: %w", p.o.Name, short(key), len(key), len(value), ErrTooLarge)
}

// short cuts a key for an error.
func short(key string) string { return key[:min(len(key), 100)] }

// Abort forgets all batches that are not committed, because their attempt has failed. The next Begin is of the one after the last committed.
func (p *Partition) Abort() {
	p.discard(len(p.overlays))
}
