package trident

import (
	"context"
	"fmt"
	"io"
	"strconv"
)

// Records returns a source of the records given, one partition for each list, named by its number from 0. It is Transactional, ends after
// the last record, and is meant for tests and examples. The lists must not be changed any more.
func Records[T any](partitions ...[]T) Source[T] { return listed[T](partitions) }

type listed[T any] [][]T

// Kind implements [Source].
func (l listed[T]) Kind() Kind { return Transactional }

// Partitions implements [Source].
func (l listed[T]) Partitions(context.Context) ([]string, error) { return partitionNames(len(l)), nil }

// Open implements [Source].
func (l listed[T]) Open(_ context.Context, partition string, after []byte, _ func()) (Reader[T], error) {
	n, err := partitionIndex(partition, len(l))
	if err != nil {
		return nil, err
	}
	at, err := countOf(after)
	if err == nil && at > uint64(len(l[n])) {
		err = fmt.Errorf("the position is %d, and there are only %d records", at, len(l[n]))
	}
	if err != nil {
		return nil, fmt.Errorf("partition %s: %w", partition, err)
	}
	return &listReader[T]{records: l[n], at: int(at)}, nil
}

type listReader[T any] struct {
	records []T
	at      int
}

// Read implements [Reader].
func (r *listReader[T]) Read(records []T, max int) ([]T, []byte, error) {
	n := min(max, len(r.records)-r.at)
	if n == 0 && max > 0 {
		return records, nil, io.EOF
	}
	records = append(records, r.records[r.at:r.at+n]...)
	r.at += n
	var err error
	if r.at == len(r.records) {
		err = io.EOF
	}
	return records, countPosition(uint64(r.at)), err
}

// Close implements [Reader].
func (r *listReader[T]) Close() error { return nil }

// partitionNames are the names of n partitions.
func partitionNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

func partitionIndex(partition string, n int) (int, error) {
	i, err := strconv.Atoi(partition)
	if err != nil || i < 0 || i >= n {
		return 0, fmt.Errorf("there is no partition %q: the source has %d, numbered from 0", partition, n)
	}
	return i, nil
}

// countPosition is a position that counts.
func countPosition(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }

func countOf(position []byte) (uint64, error) {
	if position == nil {
		return 0, nil
	}
	n, err := strconv.ParseUint(string(position), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the position %.40q is no number; was the source another one before?", position)
	}
	return n, nil
}
