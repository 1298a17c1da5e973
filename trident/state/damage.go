package state

import (
	"errors"
	"fmt"
)

// ErrGap says that a partition has not got all batches that it was told of: it missed one, or has another attempt's. The caller fences, and
// recovers.
var ErrGap = errors.New("batches are missing here: fence and recover")

// ErrOrder says that batches are begun out of order, or of a new attempt without an Abort of the old one's. It is the caller's mistake.
var ErrOrder = errors.New("batches have to begin in the order of their txids, and those of one attempt have to end before those of the next")

// ErrTooLarge says that a key has more than MaxKey bytes, a value more than MaxValue, or a batch's changes more than MaxBatch. The batch can't be prepared; smaller batches, or
// values that are kept under several keys, can.
var ErrTooLarge = fmt.Errorf("a key may have %d bytes, a value %d, and the changes of a batch %d", MaxKey, MaxValue, MaxBatch)

// ErrForeign says that a key belongs to another partition: records have to be grouped by the state's key before they come to it. It is the
// caller's mistake.
var ErrForeign = errors.New("the key belongs to another partition of the state")

// DamagedError says that something of a state can't be read as it was written. Nothing was made of it. To try again is of no use: a person has to look.
type DamagedError struct {
	State    string
	Snapshot string // the name of the snapshot, when it is one
	Sequence uint64 // of the log's record, when it is one
	Path     string // of the store's file, when it is one
	Key      string // whose value it is, when it is one value
	Reason   string
	Remedy   string // what can be done
}

// Error names what is damaged, and says why and what can be done.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("state %q is damaged: %s%s; %s", e.State, e.place(), e.Reason, e.Remedy)
}

func (e *DamagedError) place() string {
	switch {
	case e.Snapshot != "":
		return fmt.Sprintf("snapshot %s: ", e.Snapshot)
	case e.Sequence != 0:
		return fmt.Sprintf("record %d of the log: ", e.Sequence)
	case e.Path != "" && e.Key != "":
		return fmt.Sprintf("key %q in %s: ", e.Key, e.Path)
	case e.Path != "":
		return e.Path + ": "
	}
	return ""
}
