package wire

import "fmt"

// maxNesting is how many lists and maps may lie within one another: the bound that
// package topology sets for what is emitted.
const maxNesting = 64

// scanner walks over one msgpack value without taking memory, and so proves that
// every length in it is true and that it is not nested too deep. Only then may
// anything be allocated by such a length.
type scanner struct {
	src []byte
	pos int
	// body restricts extensions to the one that the msgpack library itself
	// makes, and has the offsets of their content collected in extensions.
	body       bool
	extensions []int
	tooDeep    bool // whether the error was about nesting
}

// value walks over one value that may hold further levels of lists and maps.
func (s *scanner) value(levels int) error {
	if s.pos == len(s.src) {
		return s.corrupt(reasonTruncated)
	}
	head := s.src[s.pos:]
	sh := shapes[head[0]]
	if err := s.skip(1 + int(sh.size)); err != nil {
		return err
	}
	switch sh.class {
	case classReserved:
		return s.corrupt(reasonReserved)
	case classString, classBytes:
		return s.skip(sh.length(head))
	case classExtension:
		return s.extension(sh.length(head))
	case classList:
		return s.members(sh.length(head), 1, levels)
	case classMap:
		return s.members(sh.length(head), 2, levels)
	}
	return nil
}

// members walks over the n members of a list or map, each made of width values.
// A stated n of any size ends with the bytes, as each value takes one at least.
func (s *scanner) members(n, width, levels int) error {
	if levels == 0 {
		s.tooDeep = true
		return s.corrupt(fmt.Sprintf("lists and maps are nested deeper than %d", maxNesting))
	}
	for range n {
		for range width {
			if err := s.value(levels - 1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scanner) extension(n int) error {
	typ := s.pos
	if err := s.skip(1); err != nil {
		return err
	}
	if s.body && n > 0 {
		if id := int8(s.src[typ]); id != extTimestamp {
			return s.corrupt(fmt.Sprintf("an object can't hold a msgpack extension (type %d) other than a time", id))
		}
		s.extensions = append(s.extensions, s.pos)
	}
	return s.skip(n)
}

func (s *scanner) skip(n int) error {
	if uint(n) > uint(len(s.src)-s.pos) {
		return s.corrupt(reasonTruncated)
	}
	s.pos += n
	return nil
}

func (s *scanner) corrupt(reason string) error {
	return &CorruptError{Offset: s.pos, Reason: reason}
}
