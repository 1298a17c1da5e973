package wire

import "encoding/binary"

// class says what a value is by its first byte, the code.
type class uint8

const (
	classReserved class = iota
	classNil
	classBool
	classInt
	classUint64 // the one integer that may not fit an int64
	classFloat
	classString
	classBytes
	classList
	classMap
	classExtension
)

// shape says how a value of a code begins.
type shape struct {
	class class
	// size counts the bytes after the code that the code promises: those of
	// a number, or those of a length. A length with size 0 lies in the code itself.
	size uint8
}

// shapes has the shape of each code of the msgpack specification
// (github.com/msgpack/msgpack/blob/master/spec.md, "Formats").
var shapes = func() (s [256]shape) {
	fill(&s, 0x00, 0x7f, classInt)
	fill(&s, 0x80, 0x8f, classMap)
	fill(&s, 0x90, 0x9f, classList)
	fill(&s, 0xa0, 0xbf, classString)
	fill(&s, 0xc0, 0xc0, classNil)
	fill(&s, 0xc2, 0xc3, classBool)
	fill(&s, 0xc4, 0xc6, classBytes, 1, 2, 4)
	fill(&s, 0xc7, 0xc9, classExtension, 1, 2, 4)
	fill(&s, 0xca, 0xcb, classFloat, 4, 8)
	fill(&s, 0xcc, 0xce, classInt, 1, 2, 4)
	fill(&s, 0xcf, 0xcf, classUint64, 8)
	fill(&s, 0xd0, 0xd3, classInt, 1, 2, 4, 8)
	fill(&s, 0xd4, 0xd8, classExtension)
	fill(&s, 0xd9, 0xdb, classString, 1, 2, 4)
	fill(&s, 0xdc, 0xdd, classList, 2, 4)
	fill(&s, 0xde, 0xdf, classMap, 2, 4)
	fill(&s, 0xe0, 0xff, classInt)
	return s
}()

// fill sets the codes from low to high, with sizes in order or none.
func fill(s *[256]shape, low, high int, c class, sizes ...uint8) {
	for code := low; code <= high; code++ {
		s[code].class = c
		if len(sizes) > 0 {
			s[code].size = sizes[code-low]
		}
	}
}

// length returns the length that a value states which begins head. All bytes
// that its shape promises must be there.
func (s shape) length(head []byte) int {
	switch s.size {
	case 1:
		return int(head[1])
	case 2:
		return int(binary.BigEndian.Uint16(head[1:]))
	case 4:
		return int(binary.BigEndian.Uint32(head[1:]))
	}
	return s.ownLength(head[0])
}

func (s shape) ownLength(code byte) int {
	switch s.class {
	case classString:
		return int(code & 0x1f)
	case classExtension:
		return 1 << (code - 0xd4)
	}
	return int(code & 0x0f)
}
