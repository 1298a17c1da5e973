package main

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/trident"
)

// numberSource has the numbers from 0 on, in one partition: so many at once, and then one each beat. A position is how many were read.
type numberSource struct {
	atOnce int64
	beat   time.Duration // 0 for no more
}

func (numberSource) Kind() trident.Kind { return trident.Transactional }

func (numberSource) Partitions(context.Context) ([]string, error) { return []string{"0"}, nil }

func (s numberSource) Open(_ context.Context, _ string, after []byte, ready func()) (trident.Reader[int64], error) {
	at, err := numberOf(after)
	if err != nil {
		return nil, err
	}
	r := &numberReader{at: at, over: make(chan struct{})}
	r.due.Store(max(at, s.atOnce))
	if s.beat > 0 {
		r.ticking.Go(func() { r.tick(s.beat, ready) })
	}
	return r, nil
}

type numberReader struct {
	at      int64
	due     atomic.Int64
	over    chan struct{}
	ticking sync.WaitGroup
}

// tick has a number come due each beat, until Close.
func (r *numberReader) tick(beat time.Duration, ready func()) {
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			r.due.Add(1)
			ready()
		case <-r.over:
			return
		}
	}
}

func (r *numberReader) Read(records []int64, most int) (more []int64, position []byte, err error) {
	for due := min(r.due.Load(), r.at+int64(most)); r.at < due; r.at++ {
		records = append(records, r.at)
	}
	return records, strconv.AppendInt(nil, r.at, 10), nil
}

func (r *numberReader) Close() error {
	close(r.over)
	r.ticking.Wait()
	return nil
}

// keyOf is the key of a number, of so many keys that come again and again.
func keyOf(n, keys int64) string { return "key-" + strconv.FormatInt(n%keys, 10) }
