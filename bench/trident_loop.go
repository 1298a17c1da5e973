package main

import (
	"context"
	"strconv"

	"github.com/galestream/gale/trident"
)

// sentence is a record of the throughput cases.
type sentence struct {
	Text string
	Read int64 // of the first that a Read has returned: the time of day that was, in nanoseconds; 0 for others
}

// loopSource has the sentences over and over, in each of its partitions. A position is how many were read.
type loopSource int // partitions

func (loopSource) Kind() trident.Kind { return trident.Transactional }

func (s loopSource) Partitions(context.Context) (names []string, err error) {
	for i := range int(s) {
		names = append(names, strconv.Itoa(i))
	}
	return names, nil
}

func (s loopSource) Open(_ context.Context, _ string, after []byte, _ func()) (trident.Reader[sentence], error) {
	at, err := numberOf(after)
	return &loopReader{at}, err
}

// numberOf reads a position that is a number.
func numberOf(position []byte) (int64, error) {
	if position == nil {
		return 0, nil
	}
	return strconv.ParseInt(string(position), 10, 64)
}

type loopReader struct{ at int64 }

func (r *loopReader) Read(records []sentence, most int) (more []sentence, position []byte, err error) {
	for range most {
		records = append(records, sentence{Text: sentenceAt(r.at)})
		r.at++
	}
	return records, strconv.AppendInt(nil, r.at, 10), nil
}

func (*loopReader) Close() error { return nil }
