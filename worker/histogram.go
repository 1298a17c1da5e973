package worker

import (
	"fmt"
	"sync"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram counts durations in nanoseconds, or other values from 1 to 3.6e12, with 2
// significant digits. Values outside are taken as the nearest. It may be used from any goroutine.
type Histogram struct {
	mu    sync.Mutex
	h     *hdrhistogram.Histogram
	value int64 // gathered, not yet in h
	count int64
}

const maxValue = 3_600_000_000_000 // an hour in nanoseconds

// NewHistogram returns an empty histogram. It takes 40 KB.
func NewHistogram() *Histogram {
	return &Histogram{h: hdrhistogram.New(1, maxValue, 2)}
}

// Record counts one value.
func (h *Histogram) Record(value int64) { h.record(value, 1) }

func (h *Histogram) record(value, count int64) {
	h.mu.Lock()
	_ = h.h.RecordValues(min(max(value, 1), maxValue), count) // which fails out of range only
	h.mu.Unlock()
}

// gather counts one value after the next flush; a run of equal values costs one record.
// For one goroutine.
func (h *Histogram) gather(value int64) {
	if value != h.value {
		h.flush()
		h.value = value
	}
	h.count++
}

func (h *Histogram) flush() {
	if h.count > 0 {
		h.record(h.value, h.count)
		h.count = 0
	}
}

// Latency returns a copy of what was counted so far.
func (h *Histogram) Latency() Latency {
	if h == nil {
		return Latency{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.h.TotalCount() == 0 {
		return Latency{}
	}
	return Latency{hdrhistogram.Import(h.h.Export())}
}

// Latency is a distribution of durations in nanoseconds. The zero Latency is empty.
type Latency struct{ h *hdrhistogram.Histogram }

// Count returns how many durations there are.
func (l Latency) Count() int64 {
	if l.h == nil {
		return 0
	}
	return l.h.TotalCount()
}

// Quantile returns the duration that the share q, in [0, 1], of all don't exceed; 0 when there
// are none.
func (l Latency) Quantile(q float64) int64 {
	if l.h == nil {
		return 0
	}
	return l.h.ValueAtQuantile(q * 100)
}

// Max returns the longest, rounded as all are.
func (l Latency) Max() int64 {
	if l.h == nil {
		return 0
	}
	return l.h.Max()
}

// Mean returns the average.
func (l Latency) Mean() float64 {
	if l.h == nil {
		return 0
	}
	return l.h.Mean()
}

// Merge returns both together.
func (l Latency) Merge(other Latency) Latency {
	switch {
	case l.h == nil:
		return other
	case other.h == nil:
		return l
	}
	sum := hdrhistogram.Import(l.h.Export())
	sum.Merge(other.h)
	return Latency{sum}
}

// MarshalText returns the distribution in HdrHistogram's compressed V2 encoding; nothing when it is empty.
func (l Latency) MarshalText() ([]byte, error) {
	if l.h == nil || l.h.TotalCount() == 0 {
		return nil, nil
	}
	return l.h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// UnmarshalText reads what MarshalText returns.
func (l *Latency) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		l.h = nil
		return nil
	}
	h, err := hdrhistogram.Decode(text)
	if err != nil {
		return fmt.Errorf("a latency: %w", err)
	}
	l.h = h
	return nil
}
