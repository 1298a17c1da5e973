package state

import (
	"unsafe"

	"github.com/cespare/xxhash/v2"
)

// Groups is how many groups keys fall into, and Slices how many slices the groups make: a slice is 16 groups in a row.
const (
	Groups      = 1024
	Slices      = 64
	sliceGroups = Groups / Slices
)

// Group returns the group of a key, in [0, Groups): the top bits of its xxhash64. It is the same in every process and in every later version of Gale.
func Group[K ~string | ~[]byte](key K) int {
	// A conversion would copy; a string's header is the beginning of a slice's.
	return int(xxhash.Sum64String(*(*string)(unsafe.Pointer(&key))) >> (64 - 10))
}

// Owner returns which of n partitions owns a group. It is the formula of topology.KeyTask: partitions own ranges of nearly equal size, in order.
func Owner(group, partitions int) int { return group * partitions / Groups }

// span is a range of groups, from low up to but without high.
type span struct{ low, high int }

// owned returns the groups whose Owner is the partition: the lowest g with g*n/Groups >= i is i*Groups/n rounded up.
func owned(partition, partitions int) span {
	first := func(i int) int { return (i*Groups + partitions - 1) / partitions }
	return span{first(partition), first(partition + 1)}
}

func (s span) has(group int) bool { return s.low <= group && group < s.high }

func (s span) meets(o span) bool { return s.low < o.high && o.low < s.high }

// cut returns the part of s that lies in slice.
func (s span) cut(slice int) span {
	return span{max(s.low, slice*sliceGroups), min(s.high, (slice+1)*sliceGroups)}
}

// units are what a partition's snapshots are of: whole slices, and single groups where a slice is shared with another partition. So there are at
// most 64 + 1024 of them, however often the number of partitions changes.
func (s span) units(slice int) []span {
	part := s.cut(slice)
	if part.high-part.low == sliceGroups {
		return []span{part}
	}
	var units []span
	for g := part.low; g < part.high; g++ {
		units = append(units, span{g, g + 1})
	}
	return units
}
