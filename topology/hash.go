package topology

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// KeyGroups is how many groups the keys of a fields grouping fall into. A component can't
// use more tasks than that for keyed work.
const KeyGroups = 1024

// KeyGroup returns the group of the key that the values at the positions make
// together, in [0, KeyGroups). It depends on nothing but these values: it is the
// same in every process, on every machine and in every later version of Gale.
func KeyGroup(values []Value, positions []int) int {
	return int(KeyHash(values, positions) >> (64 - 10))
}

// KeyTask returns which of n tasks owns a key group: tasks own ranges of nearly
// equal size, in order.
func KeyTask(group, n int) int { return group * n / KeyGroups }

// KeyHash returns the hash that KeyGroup is made of: for each value the xxhash64 of its
// bytes (or the number itself) combined with its kind, mixed together in order. Equal
// values of different kinds (1 and 1.0) have different hashes; -0.0 is hashed
// as 0.0 and every NaN alike.
func KeyHash(values []Value, positions []int) uint64 {
	if len(positions) == 1 {
		return mix(values[positions[0]].hash())
	}
	h := uint64(0)
	for _, p := range positions {
		h = mix(h ^ values[p].hash())
	}
	return h
}

// mix is the finalizer of splitmix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (v *Value) hash() uint64 {
	if s, ok := v.AsString(); ok {
		return xxhash.Sum64String(s) + uint64(KindString)
	}
	switch k := v.Kind(); k {
	case KindInt, KindBool:
		return v.n*0x9e3779b97f4a7c15 + uint64(k)
	case KindFloat:
		return floatBits(math.Float64frombits(v.n))*0x9e3779b97f4a7c15 + uint64(k)
	case KindBytes:
		b, _ := v.AsBytes()
		return xxhash.Sum64(b) + uint64(k)
	case KindTime:
		t, _ := v.AsTime()
		return mix(uint64(t.Unix()))*0x9e3779b97f4a7c15 + uint64(t.Nanosecond()) + uint64(k)
	}
	return hashMember(v.Any())
}

func floatBits(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f)
}

// hashMember hashes nil, lists and maps. Objects have no stable bytes: Build refuses
// what it can see of them as keys, and here they all fall together.
func hashMember(x any) uint64 {
	switch x := x.(type) {
	case []any:
		return hashList(x)
	case map[string]any:
		return hashMap(x)
	}
	var v Value
	if x == nil || v.set(x) != nil {
		return uint64(KindObject)
	}
	return v.hash()
}

func hashList(l []any) uint64 {
	h := uint64(KindList)
	for _, x := range l {
		h = mix(h ^ hashMember(x))
	}
	return h
}

func hashMap(m map[string]any) uint64 {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	h := uint64(KindMap)
	var bits [8]byte
	for _, k := range keys {
		binary.LittleEndian.PutUint64(bits[:], hashMember(m[k]))
		h = mix(h ^ xxhash.Sum64String(k) ^ xxhash.Sum64(bits[:]))
	}
	return h
}
