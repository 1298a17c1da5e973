package trident

import "context"

// Kind says what a source or a sink can do towards exactly-once, in Storm's words.
type Kind uint8

// The kinds. The zero Kind is NonTransactional.
const (
	NonTransactional Kind = iota // a source that can't give its records again; a sink that remembers nothing
	Transactional                // a source whose positions give the same records each time; a sink that skips a txid it has
	Opaque                       // a source whose records may differ when read again; a sink that takes that
)

// Source says where a stream's records come from. Its methods are called by source tasks, on their goroutines.
type Source[T any] interface {
	// Kind says what the source can do.
	Kind() Kind
	// Partitions returns the names of the parts that are read side by side, the same in every task and at every start. A name is at
	// most 128 bytes of UTF-8 text. A partition that has gone leaves its position in the commit records.
	Partitions(ctx context.Context) ([]string, error)
	// Open begins to read a partition after the position, nil for the beginning. ready may be called from any
	// goroutine, never blocks, and must be called when a Read that gave nothing would now give something.
	Open(ctx context.Context, partition string, after []byte, ready func()) (Reader[T], error)
}

// Repartitioned is what a [Source] implements that can go on where it was when its partitions have become others.
type Repartitioned[T any] interface {
	// OpenAmong is called instead of Open, with the positions of all partitions that were ever read, by their names.
	OpenAmong(ctx context.Context, partition string, positions map[string][]byte, ready func()) (Reader[T], error)
}

// Reader reads one partition.
type Reader[T any] interface {
	// Read appends at most max records that are there now to records, without waiting, and returns the position after the last of
	// them: at most 1 KiB, nil to leave it as it was. [io.EOF], with the last records or without any, says that there will be no more.
	// After another error the reader is closed, and the batch fails.
	Read(records []T, max int) (more []T, position []byte, err error)
	// Close is called once.
	Close() error
}
