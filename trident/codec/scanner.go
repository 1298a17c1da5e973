package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// maxNesting is how many lists and maps may lie within one another.
const maxNesting = 64

// scanner walks over one msgpack value without taking memory, and so proves that every length in it is true and that it
// is not nested too deep. Only then may anything be allocated by such a length. The codes are those of the
// specification (github.com/msgpack/msgpack/blob/master/spec.md, "Formats").
type scanner struct {
	src        []byte
	pos        int
	extensions []int // where the contents of extensions begin
}

var (
	errCut     = errors.New("it is cut short")
	errTooDeep = fmt.Errorf("it is nested deeper than %d", maxNesting)
)

// whole proves that src is one value.
func (s *scanner) whole() error {
	if err := s.value(maxNesting); err != nil {
		return err
	}
	if s.pos < len(s.src) {
		return fmt.Errorf("%d bytes follow the value", len(s.src)-s.pos)
	}
	return nil
}

func (s *scanner) value(levels int) error {
	if s.pos == len(s.src) {
		return errCut
	}
	c := s.src[s.pos]
	s.pos++
	switch {
	case c < 0x80, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3:
		return nil
	case c < 0x90:
		return s.members(2*int(c&0x0f), levels)
	case c < 0xa0:
		return s.members(int(c&0x0f), levels)
	case c < 0xc0:
		return s.skip(int(c & 0x1f))
	}
	return s.long(c, levels)
}

// long walks over what has a length, or a number, after its code.
func (s *scanner) long(c byte, levels int) error {
	switch {
	case c >= 0xc4 && c <= 0xc6:
		return s.text(1 << (c - 0xc4))
	case c >= 0xc7 && c <= 0xc9:
		n, err := s.length(1 << (c - 0xc7))
		if err != nil {
			return err
		}
		return s.extension(n)
	case c == 0xca || c == 0xcb:
		return s.skip(4 << (c - 0xca))
	case c >= 0xcc && c <= 0xd3:
		return s.skip(1 << (c & 3))
	case c >= 0xd4 && c <= 0xd8:
		return s.extension(1 << (c - 0xd4))
	case c >= 0xd9 && c <= 0xdb:
		return s.text(1 << (c - 0xd9))
	case c >= 0xdc:
		return s.list(c, levels)
	}
	return fmt.Errorf("there is no code %#x", c)
}

func (s *scanner) text(width int) error {
	n, err := s.length(width)
	if err != nil {
		return err
	}
	return s.skip(n)
}

// list walks over a list, dc or dd, or a map, de or df.
func (s *scanner) list(c byte, levels int) error {
	n, err := s.length(2 << (c & 1))
	if err != nil {
		return err
	}
	if c >= 0xde {
		n *= 2
	}
	return s.members(n, levels)
}

// members walks over n values. A stated n of any size ends with the bytes, as each value takes one at least.
func (s *scanner) members(n, levels int) error {
	if levels == 0 {
		return errTooDeep
	}
	for range n {
		if err := s.value(levels - 1); err != nil {
			return err
		}
	}
	return nil
}

// extension walks over one of the type -1, a time, which is the only one that the library itself makes.
func (s *scanner) extension(n int) error {
	if err := s.skip(1); err != nil {
		return err
	}
	if id := int8(s.src[s.pos-1]); id != -1 {
		return fmt.Errorf("a msgpack extension of type %d, which is no time", id)
	}
	s.extensions = append(s.extensions, s.pos)
	return s.skip(n)
}

func (s *scanner) length(width int) (int, error) {
	at := s.pos
	if err := s.skip(width); err != nil {
		return 0, err
	}
	switch width {
	case 1:
		return int(s.src[at]), nil
	case 2:
		return int(binary.BigEndian.Uint16(s.src[at:])), nil
	}
	return int(binary.BigEndian.Uint32(s.src[at:])), nil
}

func (s *scanner) skip(n int) error {
	if uint(n) > uint(len(s.src)-s.pos) {
		return errCut
	}
	s.pos += n
	return nil
}
