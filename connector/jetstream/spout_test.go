package jetstream_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestReadsAStreamToItsEnd(t *testing.T) {
	for name, o := range map[string]jetstream.SpoutOptions{
		"": {}, "confirmed acks": {ConfirmAcks: true}, "a prefetch of one": {Prefetch: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.stream("IN")
			r.publish("IN", 1, 300)
			o.Access, o.Stream, o.End = r.access(), "IN", true
			var got list
			r.run(func(b *topology.Builder) {
				b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...).Parallelism(2)
				b.Bolt("got", got.bolt()).Shuffle("in")
			})
			require.ElementsMatch(t, numbers(1, 300), got.all())
			c := r.consumer("IN", "gale-test-in")
			require.Zero(t, c.NumAckPending)
			require.Equal(t, uint64(300), c.AckFloor.Stream)
			require.Equal(t, 5*time.Second, c.Config.AckWait)
			require.Equal(t, 65536, c.Config.MaxAckPending)
		})
	}
}

func TestEndsWhenThereIsNothing(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN.a", 1, 10)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", Subjects: []string{"IN.none"}, End: true}
	var got list
	r.run(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", got.bolt()).Shuffle("in")
	})
	require.Empty(t, got.all())
}

func TestReadsWhatTheFilterSays(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN.a", 1, 3)
	r.publish("IN.b", 4, 6)
	r.publish("IN.c", 7, 9)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", Consumer: "some", Subjects: []string{"IN.a", "IN.c"}, End: true}
	var got list
	run := func() {
		r.run(func(b *topology.Builder) {
			b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
			b.Bolt("got", got.bolt()).Shuffle("in")
		})
	}
	run()
	require.Equal(t, []string{"1", "2", "3", "7", "8", "9"}, got.all())
	r.publish("IN.c", 10, 10)
	o.Subjects = []string{"IN.c"} // the consumer is changed, and keeps its position
	run()
	require.Equal(t, []string{"1", "2", "3", "7", "8", "9", "10"}, got.all())
}

func TestEmitsWhatTheMessageSays(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	before := time.Now()
	r.publish("IN.x", 7, 7)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", End: true}
	var values []topology.Value
	r.run(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", topology.BoltFunc(func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
			values = append(values, t.Values()...)
			return nil
		})).Shuffle("in")
	})
	require.Len(t, values, 4)
	require.Equal(t, "IN.x", values[0].Any())
	require.Equal(t, []byte("7"), values[1].Any())
	require.Equal(t, int64(1), values[2].Any())
	stored, _ := values[3].AsTime()
	require.Equal(t, time.UTC, stored.Location())
	require.False(t, stored.Before(before.Add(-time.Second)) || stored.After(time.Now().Add(time.Second)))
}

func TestNewBeginsAtTheEnd(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 5)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", New: true}
	got := make(chan string)
	r.background(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", holding(got)).Shuffle("in")
	})
	r.eventually(func() bool {
		_, err := r.js.Consumer(r.ctx(), "IN", "gale-test-in")
		return err == nil
	}, "the consumer is made")
	r.publish("IN", 6, 6)
	require.Equal(t, "6", await(t, got, "the new message"))
}

func TestWhatFailsComesAgain(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 50)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", End: true}
	var mu sync.Mutex
	tries := map[string]int{}
	r.run(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", topology.BoltFunc(func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
			mu.Lock()
			defer mu.Unlock()
			n := string(t.Bytes("data"))
			tries[n]++
			if strings.HasSuffix(n, "7") && tries[n] < 4 {
				return errors.New("not yet")
			}
			return nil
		})).Shuffle("in").Parallelism(2)
	})
	for _, n := range numbers(1, 50) {
		want := 1
		if strings.HasSuffix(n, "7") {
			want = 4
		}
		require.Equal(t, want, tries[n], "number %s", n)
	}
}

// TestSlowTreesKeepTheirMessages has all messages pending for more than twice AckWait.
func TestSlowTreesKeepTheirMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 100)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", End: true, AckWait: 3 * time.Second, Prefetch: 32}
	s := &slow{}
	r.run(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...).MaxPending(50)
		b.Bolt("slow", func() topology.Bolt { return s }).ManualAck().Tick(7 * time.Second).Shuffle("in")
	})
	require.ElementsMatch(t, numbers(1, 100), s.got)
	require.Equal(t, uint64(100), r.consumer("IN", "gale-test-in").Delivered.Consumer, "some were delivered again")
}

// slow acks what it has with its ticks only.
type slow struct {
	got  []string
	held []*topology.Tuple
}

func (s *slow) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	s.got, s.held = append(s.got, string(t.Bytes("data"))), append(s.held, t)
	return nil
}

func (s *slow) Tick(_ context.Context, _ time.Time, out *topology.Collector) error {
	for _, t := range s.held {
		out.Ack(t)
	}
	s.held = nil
	return nil
}

func TestHoldsNoMoreThanItMay(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 300)
	const pending, prefetch = 10, 32
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", Prefetch: prefetch}
	got := make(chan string, 300)
	r.background(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...).MaxPending(pending)
		b.Bolt("holds", holding(got)).ManualAck().Shuffle("in")
	})
	for range pending {
		await(t, got, "as many as may be pending")
	}
	r.eventually(func() bool {
		n := r.consumer("IN", "gale-test-in").NumAckPending
		require.LessOrEqual(t, n, pending+prefetch+1, "one is being emitted")
		return n >= pending+prefetch/2
	}, "it holds what it may")
	require.Empty(t, got, "more than may be pending was emitted")
}

// TestCloseGivesBackAtOnce has an AckWait that nobody would live to see.
func TestCloseGivesBackAtOnce(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 100)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", AckWait: time.Hour}
	got := make(chan string, 100)
	_, stop := r.background(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...).MaxPending(10)
		b.Bolt("holds", holding(got)).ManualAck().Shuffle("in")
	})
	await(t, got, "the first message")
	r.eventually(func() bool { return r.consumer("IN", "gale-test-in").NumAckPending == 100 }, "it holds all")
	require.ErrorContains(t, stop(), "were not complete")
	o.End = true
	var successor list
	r.run(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", successor.bolt()).Shuffle("in")
	})
	require.ElementsMatch(t, numbers(1, 100), successor.all())
}

func TestARemovedConsumerIsMadeAgain(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 1)
	o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN"}
	got := make(chan string, 10)
	w, _ := r.background(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", holding(got)).Shuffle("in")
	})
	require.Equal(t, "1", await(t, got, "the first message"))
	require.NoError(t, r.js.DeleteConsumer(r.ctx(), "IN", "gale-test-in"))
	require.Equal(t, "1", await(t, got, "it once more, for the position is gone"))
	r.publish("IN", 2, 2)
	require.Equal(t, "2", await(t, got, "the second"))
	var texts []string
	for _, e := range w.Snapshot().Errors {
		texts = append(texts, e.Text)
	}
	require.Contains(t, strings.Join(texts, "\n"), "it was gone, and with it its position; it was made again")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	_, err := r.js.CreateConsumer(r.ctx(), "IN", js.ConsumerConfig{Durable: "none", AckPolicy: js.AckNonePolicy})
	require.NoError(t, err)
	for want, o := range map[string]jetstream.SpoutOptions{
		`there is no stream "OUT": make it first`:       {Stream: "OUT"},
		`the option Stream is ""`:                       {},
		`the option AckWait is 1ms`:                     {Stream: "IN", AckWait: time.Millisecond},
		`the option Expire is 1ms`:                      {Stream: "IN", Expire: time.Millisecond},
		`the option Prefetch is -1`:                     {Stream: "IN", Prefetch: -1},
		`the option MaxAckPending is -1`:                {Stream: "IN", MaxAckPending: -1},
		`the option Consumer is "a.b"`:                  {Stream: "IN", Consumer: "a.b"},
		`the options Backoff and MaxBackoff are 2s and`: {Stream: "IN", Backoff: 2 * time.Second, MaxBackoff: time.Second},
		`its ack policy is AckNone`:                     {Stream: "IN", Consumer: "none"},
	} {
		o.Access = r.access()
		w := r.worker(func(b *topology.Builder) { b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...) })
		require.ErrorContains(t, w.Run(r.ctx()), want)
	}
}
