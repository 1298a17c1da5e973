package codec

import (
	"reflect"
	"unsafe"
)

// sizes says how the size of values of a type is estimated.
type sizes struct {
	fixed int
	parts []part
}

// part is a string or slice in the type, at an offset in memory; each of its elements takes so many bytes.
type part struct {
	offset uintptr
	each   int
}

// perField is about what the name of a field takes.
const perField = 8

func sizesOf(t reflect.Type) sizes {
	s := sizes{fixed: 4}
	s.add(t, 0)
	return s
}

func (s *sizes) add(t reflect.Type, offset uintptr) {
	switch t.Kind() {
	case reflect.Struct:
		for f := range fieldsOf(t) {
			s.fixed += perField
			s.add(f.Type, offset+f.Offset)
		}
	case reflect.String:
		s.fixed += 2
		s.parts = append(s.parts, part{offset, 1})
	case reflect.Slice:
		s.fixed += 2
		s.parts = append(s.parts, part{offset, int(t.Elem().Size())})
	default:
		s.fixed += int(t.Size())
	}
}

// sizeOf is the estimate for a value. A string and a slice have their length in their second word.
func sizeOf[T any](s *sizes, x *T) int {
	n := s.fixed
	for _, p := range s.parts {
		n += p.each * *(*int)(unsafe.Add(unsafe.Pointer(x), p.offset+unsafe.Sizeof(uintptr(0))))
	}
	return n
}
