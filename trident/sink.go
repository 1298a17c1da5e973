package trident

import "context"

// Sink says where committed records go.
type Sink[T any] interface {
	// Kind says what the sink can do. See the table in the package's doc for what goes together.
	Kind() Kind
	// Open prepares to write what a partition of the sink gives. It is called on the task's goroutine.
	Open(ctx context.Context, id SinkID) (Writer[T], error)
}

// SinkID names a partition of a sink. The same records of a txid always come from the same SinkID.
type SinkID struct {
	Topology  string // the topology's name
	Sink      string // the name the sink was declared by
	Partition int    // from 0
}

// Writer writes the records of one partition of a sink.
type Writer[T any] interface {
	// Applied returns the highest txid whose records are written, as the sink itself remembers; 0 when it has none, or doesn't
	// remember.
	Applied(ctx context.Context) (txid uint64, err error)
	// Apply writes the records of a batch that is committed, and remembers its txid with them. Txids go up, with gaps. After an error
	// it is called again with the same txid and records, also by a process that takes over.
	Apply(ctx context.Context, txid uint64, records []T) error
	// Close is called once.
	Close() error
}

// Forgetting is a [Writer] whose sink remembers txids, and that can say what a person does to have it forget those of all partitions of the sink, but
// not the records: after `gale state drop` the txids begin at 1 again, and the sink would pass over them.
type Forgetting interface {
	// HowToForget returns a command, or a sentence, that can be followed as it is. Open has returned the writer before.
	HowToForget() string
}
