// Package codec turns the values that a trident topology moves and keeps into bytes and back.
//
//	c, err := codec.For[codec.Pair[string, int64]]() // when the topology is built: says which field can't be encoded
//	chunk, err = codec.AppendSlice(c, chunk, records)
//	records, rest, err = codec.DecodeSlice(c, records[:0], chunk)
//
// # Layout
//
// Booleans, numbers, strings, []byte, times, [Pair]s, and slices of these have hand-made forms; so have types that are
// derived from them (type ID string):
//
//	bool              one byte, 0 or 1
//	integers          a varint; of signed ones the zigzag form
//	float32, float64  4 or 8 bytes, little-endian
//	string            length, bytes
//	[]byte, slices    0 when nil, else length + 1; then the bytes, or the elements
//	time.Time         length, and the form of its AppendBinary: the instant and the offset, not the zone's name
//	Pair              the key, the value
//	chunk             number of elements, their length in 4 bytes, the elements
//
// All else is msgpack, behind its length: structs by the names of their exported fields, so that fields may be added. A field
// that the receiver's type lacks is an error, not a loss. Types with a MarshalMsgpack, MarshalBinary or MarshalText use that.
// A value of this kind takes at most [MaxValue] bytes and nests at most 64 deep.
//
// Keys of state have a form of their own, see [Key].
//
// What is encoded can be read where the type is not at hand: [FormOf] and [KeyFormOf] say in a line of text what it takes, which [ParseForm] and [ParseKeyForm] read.
//
// # What is refused
//
// Bytes may come from anyone. Every length is compared with the bytes that are left before memory is taken for it, and a
// decoder gives a *[CorruptError], or what a type's own decoding returned, and does not panic.
//
// # Memory
//
// Nothing that is decoded shares memory with the input. The strings of one chunk are parts of one string, and its []byte of one
// array: who keeps few of many for long should keep clones.
//
// Codecs may be used by any number of goroutines at once.
package codec
