package jetstream

import (
	"fmt"
	"slices"
	"strconv"
)

// sourcePast is how far a stream was read in former numbers of partitions: what one of them has read is not read again.
type sourcePast []formerPartitions

// formerPartitions has the last sequence that each partition has read, 0 for none. What subjects are of which follows from how many they are.
type formerPartitions []uint64

// pastOf picks the positions of other numbers of partitions than now's.
func pastOf(positions map[string][]byte, now int) (past sourcePast, err error) {
	for name, position := range positions {
		i, of, ok := parsePartition(name)
		if !ok || of == now || position == nil {
			continue
		}
		at := slices.IndexFunc(past, func(f formerPartitions) bool { return len(f) == of })
		if at < 0 {
			at, past = len(past), append(past, make(formerPartitions, of))
		}
		if past[at][i], err = parsePosition(position); err != nil {
			return nil, err
		}
	}
	return past, nil
}

// partitionName has the number of partitions in it: a position of another number means something else.
func partitionName(i, of int) string { return fmt.Sprintf("%d of %d", i, of) }

func parsePartition(name string) (i, of int, ok bool) {
	n, err := fmt.Sscanf(name, "%d of %d", &i, &of)
	ok = n == 2 && err == nil && of <= maxPartitions && 0 <= i && i < of && partitionName(i, of) == name
	return i, of, ok
}

func parsePosition(position []byte) (sequence uint64, err error) {
	if sequence, err = strconv.ParseUint(string(position), 10, 64); err != nil {
		return 0, fmt.Errorf("the position %.40q is no sequence; was the source another one before?", position)
	}
	return sequence, nil
}

// through returns the sequence up to which all was read.
func (p sourcePast) through() (sequence uint64) {
	for _, f := range p {
		sequence = max(sequence, slices.Min(f))
	}
	return sequence
}

// has reports whether a message was read.
func (p sourcePast) has(hash, sequence uint64) bool {
	return slices.ContainsFunc(p, func(f formerPartitions) bool { return sequence <= f[hash%uint64(len(f))] })
}

// subjectHash is FNV-1a (Fowler, Noll and Vo), as draft-eastlake-fnv has it.
func subjectHash(subject string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(subject) {
		h = (h ^ uint64(subject[i])) * 1099511628211
	}
	return h
}
