package changelog

import "context"

// Kind is what a record is.
type Kind uint8

// The kinds of records. Append takes Staged and Commit.
const (
	Staged Kind = 1 // a part of a partition's delta for a batch
	Commit Kind = 2 // from here on a batch, and all before it, is committed
	Fence  Kind = 3 // an attempt begins
)

// trimmed is a record of a JetStream log's own: its payload is the floor.
const trimmed Kind = 4

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case Staged:
		return "staged"
	case Commit:
		return "commit"
	case Fence:
		return "fence"
	case trimmed:
		return "trim"
	}
	return "unknown"
}

// Record is an entry of a log.
type Record struct {
	Sequence uint64 // from 1 up; 0 is no record
	Attempt  uint64 // that it was appended with; a Fence's is its sequence
	Kind     Kind
	Payload  []byte // as it was appended; a Fence's is its note
}

// MaxPayload is how many bytes a record's payload may have. NATS takes messages of 1 MiB, headers included.
const MaxPayload = 900 << 10

// Log is a topology's log. The package's doc has the contract. An error that says nothing else comes from the context or from where the log is kept.
type Log interface {
	// Fence begins an attempt and returns its number, which is higher than all before. The note says who begins it. After an [ErrUnknown] an attempt may have
	// begun that nobody knows: the caller fences again.
	Fence(ctx context.Context, note []byte) (attempt uint64, err error)

	// FenceAfter is Fence on the condition that the fence of the sequence is still the last one; 0 is none. Otherwise it returns [ErrFenced], and begins nothing; also when an earlier
	// try of its own has begun an attempt, which the note of the last fence shows. So who comes late begins nothing that another would have to make up for.
	FenceAfter(ctx context.Context, last uint64, note []byte) (attempt uint64, err error)

	// Append appends a Staged or Commit record and returns its sequence once it is durable. Concurrent calls share the cost of that. The payload may be used again
	// after it has returned. Errors: [ErrFenced], [ErrUnknown], [ErrFull], [ErrTooLarge], [ErrClosed]; nothing is appended with any but ErrUnknown.
	Append(ctx context.Context, attempt uint64, kind Kind, payload []byte) (sequence uint64, err error)

	// LastCommit returns the last Commit record, asked of where the log is kept; the zero Record when there is none. It is definitive for a caller whose attempt has
	// not been fenced off.
	LastCommit(ctx context.Context) (Record, error)

	// LastFence returns the last Fence record, which has the note of who began the attempt; the zero Record when there is none.
	LastFence(ctx context.Context) (Record, error)

	// Read gives f the records of all kinds in order, from one sequence through another, inclusive. From 0 is the floor; through 0, or what lies
	// ahead, is what was last when Read began. It ends at f's first error, which it returns. f must not keep the payload, and may call the log. [ErrGone] says that from lies below the
	// floor, or that the log was trimmed past the reader meanwhile: a newer snapshot is there.
	Read(ctx context.Context, from, through uint64, f func(Record) error) error

	// Trim raises the floor, to one past the end at most: it forgets what lies below, save the last Commit and the last Fence. A floor that is not higher than what is
	// there changes nothing and is no error. Any user of the log may call it, with what no one needs any more.
	Trim(ctx context.Context, below uint64) error

	// PutSnapshot stores data under a name, in the place of what was there, whole or not at all. A name consists of letters, digits, and . _ + - in parts with / between them, at
	// most 200 bytes. After [ErrUnknown] either is there.
	PutSnapshot(ctx context.Context, name string, data []byte) error

	// Snapshot returns what is stored under a name, or [ErrNoSnapshot].
	Snapshot(ctx context.Context, name string) ([]byte, error)

	// Snapshots returns the names that begin with the prefix, in order; "" is all.
	Snapshots(ctx context.Context, prefix string) ([]string, error)

	// Bounds returns the floor, the sequence that Read begins with when it is given 0, and the last sequence, with which Read would end. An empty log's
	// are 1 and 0.
	Bounds(ctx context.Context) (first, last uint64, err error)

	// Close ends the log's use and waits for its goroutines. What was acknowledged stays. A second Close does nothing.
	Close() error
}
