package commit

import (
	"time"
)

// moment is a monotonic time as the host tells it.
type moment = time.Duration

// Machine is the coordinator of one topology's batches. It is not safe for concurrent use.
type Machine struct {
	opt      Options
	now      moment
	wall     int64
	phase    phase
	stopping bool // no batch begins
	drained  bool // Drained was said since Stop
	ended    bool // Ended was said

	attempt  Attempt // of the last fence; batches in flight bear it
	last     Record  // the last commit that is known
	sequence uint64  // of last in the log
	time     int64   // of the last batch

	// flight holds what is emitted and not committed, in txid order. Invariant: flight[0].txid is last.TxID+1, and it is empty unless the phase is running.
	flight    []*flight
	appending *Record // the record whose append is not answered, in this attempt

	sources []source
	wakes   map[int]int64 // by stage

	opening   bool   // the attempt's first batch is to be emitted
	emittedAt moment // the last batch
	round     moment // from emission to commit, smoothed

	fencing word // of an attempt to come
	deposed bool // another coordinator has taken over: the attempt to come takes over from it
	checkAt moment
	telling word // of an announcement that was not heard

	actions []Action
}

type phase uint8

const (
	idle    phase = iota // not started
	waiting              // for fencing.at
	fencing              // for the answer to DoFence
	running
	halted
)

// source is what is known of a source task.
type source struct {
	ready    bool // it has said Ready since the last batch began
	more     bool // its last report said so
	ended    bool // its last report said so
	wakeAt   int64
	reported TxID // the txid of its last report
}

// New returns a machine that waits for Start. The error lists what is wrong with the options.
func New(o Options) (*Machine, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.ensureDefaults()
	return &Machine{opt: o, drained: true, sources: make([]source, o.Sources), wakes: map[int]int64{}}, nil
}

// Step tells the machine an event, with a monotonic time since any moment (a time before the last one's counts as the same) and the wall clock's
// milliseconds since 1970. The actions are valid until the next Step.
func (m *Machine) Step(now time.Duration, wall int64, e Event) []Action {
	m.now, m.wall, m.actions = max(m.now, now), wall, m.actions[:0]
	if m.phase != halted {
		e.apply(m)
	}
	if m.phase != halted {
		m.proceed()
	}
	return m.actions
}

// proceed does all that can be done now.
func (m *Machine) proceed() {
	m.expire()
	m.maybeFence()
	m.maybeCommit()
	for m.due() {
		m.emit()
	}
	m.maybeTell()
	m.maybeCheck()
	m.maybeEnd()
}

func (m *Machine) do(a Action) { m.actions = append(m.actions, a) }

func (m *Machine) halt(reason string) {
	m.phase, m.flight, m.appending = halted, nil, nil
	m.do(Halt{Reason: reason})
}

// Committed returns the last commit that the machine knows of; the zero Record for none. Not to be changed.
func (m *Machine) Committed() Record { return m.last }

// InFlight returns how many batches are emitted and not committed.
func (m *Machine) InFlight() int { return len(m.flight) }

func (Tick) apply(*Machine) {}

func (Start) apply(m *Machine) {
	m.stopping = false
	if m.phase == idle {
		m.phase = waiting
	}
}

func (Stop) apply(m *Machine) { m.stopping, m.drained = true, false }

// maybeEnd says that the sources have ended, or that all is drained.
func (m *Machine) maybeEnd() {
	if m.stopping && !m.drained && len(m.flight) == 0 {
		m.drained = true
		m.do(Drained{})
	}
	if !m.ended && m.phase == running && m.over() {
		m.ended = true
		m.do(Ended{})
	}
}

// over need not look at opening: no source has ended in an attempt whose first batch is not emitted.
func (m *Machine) over() bool {
	if len(m.flight) > 0 || m.telling.pending || len(m.wakes) > 0 {
		return false
	}
	for _, s := range m.sources {
		if !s.ended || s.ready || s.wakeAt > 0 {
			return false
		}
	}
	return true
}
