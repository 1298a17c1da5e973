package state

import "iter"

// Store has the committed values of one partition. One goroutine at a time may use it. A Store that is told of an error keeps on telling it.
type Store interface {
	// Get returns a key's value. It must not be changed, and is valid until the next Apply or Reset.
	Get(key string) (value []byte, ok bool, err error)

	// Apply puts values, in order, and deletes where the value is nil, and has come to the point, all of it or nothing. It copies the keys and values that it keeps.
	Apply(to Point, puts iter.Seq2[string, []byte]) error

	// Slice calls f with the keys of a slice and their values, in the order of the keys, until f returns false. f must not keep or change the value, nor use the store.
	Slice(slice int, f func(key string, value []byte) bool) error

	// Point returns how far the store has come: the zero Point when it is new, or was reset.
	Point() Point

	// Reset forgets everything.
	Reset() error

	// Size returns how many keys there are, and how many bytes they and their values have.
	Size() (keys int, bytes int64)

	// Close ends the store's use. What a file has not got yet is written.
	Close() error
}

// Point is how far a store has come. The zero Point is the beginning.
type Point struct {
	Origin uint64 // which life of the state the values are of; 0 while a store is being rebuilt, and is of no use to go on from
	TxID   uint64 // the last batch whose values are there
	Base   uint64 // the sequence of the log from which on records are needed to go on from here
	Time   int64  // that batch's time, in ms
}
