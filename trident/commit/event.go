package commit

// Event is what happens to a machine: one of Start, Stop, Tick, Fenced, FenceFailed, FencedOut, Ready, Wake, Report, Prepared, Failed, Appended,
// Heard, Unheard.
type Event interface{ apply(*Machine) }

// Start begins the work, or goes on after Stop.
type Start struct{}

// Stop begins no further batch; those in flight go on, but aren't tried again when they fail. Drained follows.
type Stop struct{}

// Tick says that the time has come that WakeAt asked for. One too many does no harm.
type Tick struct{}

// Fenced answers DoFence: Attempt is the sequence of the new fence, Last the last commit record, read after the fence, and Sequence that record's. Last
// is the zero Record when nothing was ever committed.
type Fenced struct {
	Attempt  Attempt
	Last     Record
	Sequence uint64
}

// FenceFailed answers DoFence: it is not known whether there is a new fence, or the last commit could not be read.
type FenceFailed struct{}

// FencedOut says that another coordinator has fenced after Attempt, this machine's last. It answers DoFence or DoCheck, and may come at any time.
type FencedOut struct{ Attempt Attempt }

// Ready says that a source task has something to read, as far as it knows.
type Ready struct {
	Source int // 0 .. Options.Sources-1; others are ignored
}

// Wake says that a stage wants a batch with a time of at least At, in milliseconds since 1970. It replaces what the same stage has said
// before; 0 takes it back. What is asked for once is served once; a stage that keeps asking for a time that has passed gets a batch each Interval.
type Wake struct {
	Stage int // any number of the host's choice: one for each stage task
	At    int64
}

// Report says what a source task has read for a batch. The first of a source for a batch counts.
type Report struct {
	TxID    TxID
	Attempt Attempt
	Source  int // 0 .. Options.Sources-1; others are ignored
	// Positions are those after the batch, of the partitions that this source reads; one that is missing or nil is where it was. Kept: not to be changed later.
	Positions map[string][]byte
	Records   uint64 // how many were read
	More      bool   // there was more than the batch could take
	Ended     bool   // there will never be more
	WakeAt    int64  // as Wake.At, for this source
}

// Prepared says that a batch's tuple tree is complete.
type Prepared struct {
	TxID    TxID
	Attempt Attempt
}

// Failed says that a batch's tuple tree has failed or timed out. TxID 0 means the attempt as a whole.
type Failed struct {
	TxID    TxID
	Attempt Attempt
}

// Outcome says what became of an append.
type Outcome uint8

// The outcomes. The zero Outcome is Unknown.
const (
	Unknown Outcome = iota // it may be in the log, or come there yet
	Done                   // it is in the log
	Refused                // it is not, and won't be: there is a newer fence
)

// Appended answers Append.
type Appended struct {
	TxID     TxID
	Attempt  Attempt
	Sequence uint64 // of the record; for Done
	Outcome  Outcome
}

// Heard answers Announce: all tasks have done what it says. It counts for the commits before, too.
type Heard struct{ TxID TxID }

// Unheard answers Announce: it is not known that all tasks have done what it says.
type Unheard struct{ TxID TxID }
