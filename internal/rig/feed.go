package rig

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Feed publishes the numbers from 1 on to a stream, each exactly once whatever becomes of the server.
type Feed struct {
	t       testing.TB
	js      jetstream.JetStream
	subject string
	rate    float64
	cancel  context.CancelFunc
	over    chan struct{}
	last    atomic.Int64 // of the numbers that the stream has
}

const (
	feedTick   = 20 * time.Millisecond
	tryTimeout = 2 * time.Second // for the server to answer
)

// MakeStream makes a stream on disk of what is published on the subject.
func MakeStream(t testing.TB, url, name, subject string) {
	t.Helper()
	js := openStreams(t, url)
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{subject}})
	must(t, err, "making the stream %q", name)
}

// openStreams connects to a server that may be killed later.
func openStreams(t testing.TB, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0))
	must(t, err, "connecting to NATS at %s", url)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err, "opening JetStream")
	return js
}

// StartFeed publishes so many numbers a second on the subject of a stream, until Stop.
func StartFeed(t testing.TB, url, subject string, rate float64) *Feed {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	f := &Feed{t: t, js: openStreams(t, url), subject: subject, rate: rate, cancel: cancel, over: make(chan struct{})}
	go func() {
		defer close(f.over)
		f.run(ctx)
	}()
	t.Cleanup(func() { f.Stop() })
	return f
}

// Stop ends the feed, and returns the last number that the stream has, with all before it. It may be called again.
func (f *Feed) Stop() (last int64) {
	f.cancel()
	<-f.over
	return f.Last()
}

// Last returns the last number that the stream has.
func (f *Feed) Last() int64 { return f.last.Load() }

func (f *Feed) run(ctx context.Context) {
	tick := time.NewTicker(feedTick)
	defer tick.Stop()
	for start := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !f.publish(int64(time.Since(start).Seconds() * f.rate)) {
				return
			}
		}
	}
}

// maxBurst bounds what is published at once after the server was away.
const maxBurst = 2000

// publish publishes the numbers up to n and waits until the stream has them. What fails is tried again: the stream drops what it has already.
func (f *Feed) publish(n int64) (ok bool) {
	first := f.last.Load() + 1
	n = min(n, first+maxBurst-1)
	deadline := time.Now().Add(Patience)
	for left := numbers(first, n); len(left) > 0; left = f.try(left) {
		if time.Now().After(deadline) {
			f.t.Errorf("the stream has not taken the number %d within %v", left[0], Patience)
			return false
		}
	}
	f.last.Store(max(n, first-1))
	return true
}

func numbers(first, last int64) (all []int64) {
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

// try returns the numbers that the stream may not have.
func (f *Feed) try(all []int64) (failed []int64) {
	answers := make([]jetstream.PubAckFuture, len(all))
	for i, n := range all {
		text := strconv.FormatInt(n, 10)
		answers[i], _ = f.js.PublishAsync(f.subject, []byte(text), jetstream.WithMsgID(text), jetstream.WithRetryAttempts(0))
	}
	patience, cancel := context.WithTimeout(context.Background(), tryTimeout)
	defer cancel()
	for i, a := range answers {
		if a == nil || !answered(patience, a) {
			failed = append(failed, all[i])
		}
	}
	if len(failed) > 0 {
		time.Sleep(feedTick) // the server is away, and nothing tells when it is back
	}
	return failed
}

// answered reports whether the stream has the message.
func answered(patience context.Context, a jetstream.PubAckFuture) bool {
	select {
	case <-a.Ok():
		return true
	case <-a.Err(): //nolint:errcheck // whatever it is, there is no answer
	case <-patience.Done():
	}
	return false
}
