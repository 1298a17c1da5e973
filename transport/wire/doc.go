// Package wire is the codec for the values of a tuple: it turns them into msgpack and
// back, so that what arrives is what was sent. An [Encoder] and a [Decoder] are
// made once per goroutine and used again and again:
//
//	frame, err = enc.AppendValues(frame, tuple.Values())
//	values, rest, err = dec.Values(values[:0], frame)
//
// # Layout
//
// The values of a tuple are a msgpack array with one element a value; a single
// value is that element alone. Numbers are big-endian. The code byte says the kind,
// so no kind can be taken for another. Encoders write the shortest form that is
// listed; decoders take every form.
//
//	tuple      90..9f | dc n:2 | dd n:4           then n values
//	nil        c0
//	bool       c2 false | c3 true
//	int64      00..7f | cc :1 | cd :2 | ce :4 | cf :8        from 0 up
//	           e0..ff | d0 :1 | d1 :2 | d2 :4 | d3 :8        below 0
//	float64    cb bits:8                          IEEE 754, a NaN with its payload
//	string     a0..bf | d9 n:1 | da n:2 | db n:4  then n bytes, not always UTF-8
//	[]byte     c4 n:1 | c5 n:2 | c6 n:4           then n bytes
//	list       90..9f | dc n:2 | dd n:4           then n values
//	map        80..8f | de n:2 | df n:4           then n times string, value; in no order
//	time       extension -1                       in UTC: msgpack's timestamp of 4, 8 or 12 bytes
//	           extension 1                        of a zone: see below
//	           extension 2                        of the sender's local zone: the same bytes
//	object     c9 n:4 03                          then n bytes: string (the name), value (the body)
//
// Extension n is d4..d8 for 1, 2, 4, 8 and 16 bytes, c7 n:1, c8 n:2 or c9 n:4 for
// others, then the type and the bytes. Those of types 1 and 2 are
//
//	seconds:8 since 1970, signed | nanoseconds:4 | offset:4 east of UTC in seconds, signed | zone name
//
// A decoder takes a float32 (ca) for a float64 and an integer of any width. An integer
// above the largest int64 is an error, as are a map key that is no string, a key
// given twice and an extension of any other type.
//
// # What is kept
//
// Everything but this:
//   - A nil []byte arrives as an empty one.
//   - A time keeps its instant to the nanosecond, in any year, and the name and offset
//     that its zone has at that instant. UTC arrives as UTC, a fixed zone as a fixed
//     zone. A local time arrives as a local time where the receiver's local zone has that
//     same name and offset, and else in a fixed zone. So does one of a zone with
//     rules (time.LoadLocation): it prints the same, but adding months to it
//     does not follow the changes to daylight saving. A monotonic reading is dropped.
//   - The body of an object is what the msgpack library makes of its type: exported
//     fields by name, or what the type's own MarshalMsgpack, MarshalBinary or
//     MarshalText gives. Fields of type time.Time arrive in the receiver's local zone,
//     integers in fields of type any as the narrowest type that the library chose.
//
// Objects may also be members of lists and maps. The type of an object must have
// been registered with topology.Register on both sides. A body that holds a
// field which the receiver's type lacks is an error, not a loss.
//
// # What is refused
//
// Bytes may come from anyone. Every length is compared with the bytes that are left
// before memory is taken for it; lists and maps nest at most 64 deep, and
// so do the bodies of objects. A Decoder takes memory in proportion to its input
// (at most some 130 bytes a byte, for many small maps; for an object, an element of its slices a byte),
// gives an error that names the offset, and does not panic, not even when a type's own
// unmarshaling does. Nothing that it returns shares memory with its input.
//
// The package starts no goroutine and reads no clock.
package wire
