package main

import (
	"context"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/galestream/gale/trident"
)

// dueSource has the numbers of what has come due, in one partition, and ends after the last. A position is how many were read.
type dueSource struct {
	*generator
	due   atomic.Int64
	ready atomic.Pointer[func()] // of the reader that was opened last
	once  sync.Once
}

func (*dueSource) Kind() trident.Kind { return trident.Transactional }

func (*dueSource) Partitions(context.Context) ([]string, error) { return []string{"0"}, nil }

// Open starts the generator when it is called first.
func (s *dueSource) Open(_ context.Context, _ string, after []byte, ready func()) (trident.Reader[int64], error) {
	at, err := numberOf(after)
	if err != nil {
		return nil, err
	}
	s.ready.Store(&ready)
	s.once.Do(func() {
		s.begin(func(due int64) {
			s.due.Store(due)
			(*s.ready.Load())()
		})
	})
	return &dueReader{s, at}, nil
}

type dueReader struct {
	source *dueSource
	at     int64
}

func (r *dueReader) Read(records []int64, most int) (more []int64, position []byte, err error) {
	for due := min(r.source.due.Load(), r.at+int64(most)); r.at < due; r.at++ {
		records = append(records, r.at)
	}
	if r.at == r.source.total {
		err = io.EOF
	}
	return records, strconv.AppendInt(nil, r.at, 10), err
}

func (*dueReader) Close() error { return nil }
