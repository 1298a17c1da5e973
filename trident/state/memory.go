package state

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Memory returns an empty store in memory.
func Memory() Store { return newMemory() }

type memory struct {
	slices [Slices]map[string][]byte
	point  Point
	keys   int
	bytes  int64
}

func newMemory() *memory {
	m := &memory{}
	m.empty()
	return m
}

func (m *memory) empty() {
	for i := range m.slices {
		m.slices[i] = map[string][]byte{}
	}
	m.keys, m.bytes = 0, 0
}

func (m *memory) Get(key string) ([]byte, bool, error) {
	value, ok := m.slices[Group(key)/sliceGroups][key]
	return value, ok, nil
}

func (m *memory) Apply(to Point, puts iter.Seq2[string, []byte]) error {
	for key, value := range puts {
		m.put(m.slices[Group(key)/sliceGroups], key, value)
	}
	m.point = to
	return nil
}

func (m *memory) put(values map[string][]byte, key string, value []byte) {
	old, ok := values[key]
	if value == nil {
		if ok {
			delete(values, key)
			m.keys--
			m.bytes -= int64(len(key) + len(old))
		}
		return
	}
	if ok && len(old) == len(value) {
		copy(old, value)
		return
	}
	// The map takes over the key each time that it is given one, so a key that is a part of something larger would keep all of that.
	values[strings.Clone(key)] = renew(old, value)
	m.bytes += int64(len(value) - len(old))
	if !ok {
		m.keys++
		m.bytes += int64(len(key))
	}
}

// renew returns a copy of value, in old's memory when that is about as large. It is never nil.
func renew(old, value []byte) []byte {
	if old == nil || len(value) > cap(old) || cap(old) > 2*len(value)+64 {
		return append(make([]byte, 0, len(value)), value...)
	}
	return append(old[:0], value...)
}

func (m *memory) Slice(slice int, f func(key string, value []byte) bool) error {
	values := m.slices[slice]
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !f(key, values[key]) {
			break
		}
	}
	return nil
}

func (m *memory) Point() Point { return m.point }

func (m *memory) Reset() error {
	m.empty()
	m.point = Point{}
	return nil
}

func (m *memory) Size() (int, int64) { return m.keys, m.bytes }

func (m *memory) Close() error { return nil }
