package commit

import "time"

// Action is what the host has to do: one of DoFence, DoCheck, Emit, Append, Announce, Ended, Drained, Deposed, Halt.
type Action interface{ action() }

// DoFence asks for a new attempt. There is never more than one of them unanswered.
type DoFence struct {
	After Attempt // the machine's last attempt; 0 when it has had none, or when another coordinator is to be replaced
}

// DoCheck asks whether another coordinator has fenced after attempt After, the machine's last.
type DoCheck struct{ After Attempt }

// Emit asks for a batch to be sent to the source tasks.
type Emit struct{ Batch Batch }

// Append asks for a commit record to be appended to the log, with the record's attempt. There is never more than one of them unanswered in an
// attempt; a new attempt may be asked for meanwhile.
type Append struct{ Record Record }

// Announce asks for word that all up to TxID is committed: what was not committed before, as it was in Attempt. The same commit may be announced
// more than once. Sequence is the record's in the log.
type Announce struct {
	TxID     TxID
	Attempt  Attempt
	Sequence uint64
}

// Ended says, once in a machine's life, that all sources have ended, all is committed, no wake is wanted, and with Options.Confirm that the last
// commit was heard. Should anything come after all, the machine goes on.
type Ended struct{}

// Drained says, once for each Stop, that nothing is in flight any more.
type Drained struct{}

// Deposed says that another coordinator has taken over. This machine takes over itself in Pause: the other one's process may be one that is about to end.
type Deposed struct{ Pause time.Duration }

// Halt says that the machine has stopped for good. Every later event is ignored.
type Halt struct{ Reason string }

func (DoFence) action()  {}
func (DoCheck) action()  {}
func (Emit) action()     {}
func (Append) action()   {}
func (Announce) action() {}
func (Ended) action()    {}
func (Drained) action()  {}
func (Deposed) action()  {}
func (Halt) action()     {}
