package rig

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Result is what a topology makes of a number, and publishes as JSON.
type Result struct {
	N     int64 `json:"n"`
	Value int64 `json:"result"`
}

// Oracle reads a stream of results, and knows of each number how often it has come.
type Oracle struct {
	t    testing.TB
	want func(n int64) int64
	mu   struct {
		sync.Mutex
		times    map[int64]int // how often each number has come
		values   map[int64]int64
		wrong    []Result
		last     uint64      // sequence of the last message
		arrivals []time.Time // in the order of the stream
		highest  int64       // all numbers up to it have come
		rose     time.Time   // when highest last did
		moved    time.Time   // when a number last came for the first time
	}
}

// Watch reads the stream from its beginning until the test ends. want says what the result of each number
// is; nil takes all for right.
func Watch(t testing.TB, url, stream string, want func(n int64) int64) *Oracle {
	t.Helper()
	return WatchSubject(t, url, stream, "", want)
}

// WatchSubject is Watch for what is published on a subject, of a stream that has something else, too.
func WatchSubject(t testing.TB, url, stream, subject string, want func(n int64) int64) *Oracle {
	t.Helper()
	o := &Oracle{t: t, want: want}
	o.mu.times, o.mu.values = map[int64]int{}, map[int64]int64{}
	var only jetstream.OrderedConsumerConfig
	if subject != "" {
		only.FilterSubjects = []string{subject}
	}
	c, err := openStreams(t, url).OrderedConsumer(t.Context(), stream, only)
	must(t, err, "reading the stream %q", stream)
	reading, err := c.Consume(o.take)
	must(t, err, "reading the stream %q", stream)
	t.Cleanup(reading.Stop)
	return o
}

func (o *Oracle) take(m jetstream.Msg) {
	about, err := m.Metadata()
	if err != nil {
		o.t.Errorf("a message of the results can't be read: %v", err)
		return
	}
	var r Result
	if err := json.Unmarshal(m.Data(), &r); err != nil {
		o.t.Errorf("%q is not a result: %v", m.Data(), err)
		return
	}
	o.note(r, about)
}

func (o *Oracle) note(r Result, about *jetstream.MsgMetadata) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if about.Sequence.Stream <= o.mu.last {
		return // delivered again, after a reconnect
	}
	o.mu.last = about.Sequence.Stream
	o.mu.arrivals = append(o.mu.arrivals, about.Timestamp)
	o.mu.values[r.N] = r.Value
	if o.want != nil && r.Value != o.want(r.N) {
		o.mu.wrong = append(o.mu.wrong, r)
	}
	if o.mu.times[r.N]++; o.mu.times[r.N] == 1 {
		o.mu.moved = time.Now()
	}
	for o.mu.times[o.mu.highest+1] > 0 {
		o.mu.highest++
		o.mu.rose = time.Now()
	}
}

// Seen returns how many numbers have come.
func (o *Oracle) Seen() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.mu.times)
}

// Highest returns the number up to which all have come.
func (o *Oracle) Highest() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.highest
}

// Await waits until all numbers up to n have come. It fails the test when the first that is missing does not come within [Patience]: it is lost.
func (o *Oracle) Await(n int64) {
	o.t.Helper()
	tick := time.NewTicker(pollPause)
	defer tick.Stop()
	for begun := time.Now(); o.Highest() < n; <-tick.C {
		if o.late(begun, &o.mu.rose) {
			o.t.Fatalf("of %d numbers, these have not come for %v: %v", n, Patience, o.Missing(n))
		}
	}
}

// AwaitMore waits until k numbers more than now have come.
func (o *Oracle) AwaitMore(k int) {
	o.t.Helper()
	n := o.Seen() + k
	tick := time.NewTicker(pollPause)
	defer tick.Stop()
	for begun := time.Now(); o.Seen() < n; <-tick.C {
		if o.late(begun, &o.mu.moved) {
			o.t.Fatalf("no number has come for %v, after %d", Patience, o.Seen())
		}
	}
}

// late reports whether what was awaited since begun has not come nearer for too long.
func (o *Oracle) late(begun time.Time, nearer *time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Since(*nearer) > Patience && time.Since(begun) > Patience
}

// maxMissing bounds what Missing returns.
const maxMissing = 50

// Missing returns the first numbers up to n that have not come.
func (o *Oracle) Missing(n int64) (missing []int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := o.mu.highest + 1; i <= n && len(missing) < maxMissing; i++ {
		if o.mu.times[i] == 0 {
			missing = append(missing, i)
		}
	}
	return missing
}

// Verdict is what has come of the numbers up to some last one.
type Verdict struct {
	Lost       []int64  // that have not come, the first of them
	Duplicates int      // results beyond the first of their number
	Wrong      []Result // that are not what they should be
	Unexpected int      // results of numbers beyond the last
}

// Verdict returns what has come of the numbers up to last.
func (o *Oracle) Verdict(last int64) Verdict {
	v := Verdict{Lost: o.Missing(last)}
	o.mu.Lock()
	defer o.mu.Unlock()
	v.Wrong = slices.Clone(o.mu.wrong)
	for n, times := range o.mu.times {
		v.Duplicates += times - 1
		if n < 1 || n > last {
			v.Unexpected++
		}
	}
	return v
}

// Values returns the result of each number, the last where several have come.
func (o *Oracle) Values() map[int64]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.mu.values)
}

// Pause returns the longest time without a result since then, up to now, and how long after then it began. The times are those at which the stream has
// stored the results.
func (o *Oracle) Pause(since time.Time) (pause, after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := since
	for _, at := range append(slices.Clone(o.mu.arrivals), time.Now()) {
		if at.Before(since) {
			continue
		}
		if d := at.Sub(before); d > pause {
			pause, after = d, before.Sub(since)
		}
		before = at
	}
	return pause, after
}
