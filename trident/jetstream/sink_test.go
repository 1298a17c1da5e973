package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestSinkWritesEachBatchOnce(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	w := r.open(r.options())
	require.Equal(t, trident.Opaque, jetstream.Sink(r.options()).Kind())
	require.Zero(t, r.applied(w))
	require.NoError(t, w.Apply(r.ctx(), 4, sinkBatch(4, 3)))
	require.NoError(t, w.Apply(r.ctx(), 6, sinkBatch(6, 1)))
	require.NoError(t, w.Apply(r.ctx(), 6, sinkBatch(6, 1)), "again")
	require.NoError(t, w.Apply(r.ctx(), 4, sinkBatch(4, 3)), "long ago")
	require.NoError(t, w.Apply(r.ctx(), 7, nil))
	require.EqualValues(t, 6, r.applied(w))

	other := r.open(r.options())
	require.EqualValues(t, 6, r.applied(other))
	require.NoError(t, other.Apply(r.ctx(), 6, sinkBatch(6, 1)), "by another process")
	require.NoError(t, other.Apply(r.ctx(), 8, sinkBatch(8, 2)))
	require.NoError(t, w.Apply(r.ctx(), 8, sinkBatch(8, 2)), "by the one that was replaced, and believes that 6 is the last")
	records, markers := r.stored()
	require.Equal(t, slices.Concat(sinkBatch(4, 3), sinkBatch(6, 1), sinkBatch(8, 2)), records)
	require.Equal(t, 1, markers)
}

func TestABatchIsKnownAfterTheDuplicateWindow(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	o := r.options()
	o.Headers = func(record string) nats.Header { return nats.Header{"Nats-Msg-Id": {record}} }
	require.NoError(t, r.open(o).Apply(r.ctx(), 1, sinkBatch(1, 2)))
	s, err := r.js.Stream(r.ctx(), "OUT")
	require.NoError(t, err)
	m, err := s.GetMsg(r.ctx(), 1)
	require.NoError(t, err)
	for deadline := time.Now().Add(sinkGuard); ; { // the window is over when the server takes the id again
		ack, err := r.js.PublishMsg(r.ctx(), &nats.Msg{Subject: "out.window", Header: nats.Header{"Nats-Msg-Id": m.Header["Nats-Msg-Id"]}})
		require.NoError(t, err)
		if !ack.Duplicate {
			break
		}
		require.True(t, time.Now().Before(deadline))
		<-time.After(20 * time.Millisecond)
	}
	require.NoError(t, r.open(r.options()).Apply(r.ctx(), 1, sinkBatch(1, 2)))
	records, _ := r.stored()
	require.Equal(t, append(sinkBatch(1, 2), ""), records)
}

func TestABatchLargerThanAnAtomicOne(t *testing.T) {
	r := newSinkRig(t)
	r.stream(func(c *js.StreamConfig) { c.AllowRollup = false })
	large := sinkBatch(1, 2500)
	w := r.open(r.options())
	require.NoError(t, w.Apply(r.ctx(), 1, large))
	require.NoError(t, w.Apply(r.ctx(), 1, large))
	records, markers := r.stored()
	require.Equal(t, large, records)
	require.Equal(t, 3, markers, "999, 999 and 502 records")
	require.EqualValues(t, 1, r.applied(w))
}

// Records that are large go in parts that are bounded by their bytes.
func TestLargeRecords(t *testing.T) {
	r := newSinkRig(t)
	r.stream(func(c *js.StreamConfig) { c.AllowRollup = false })
	var large []string
	for n := range 11 {
		large = append(large, strings.Repeat(fmt.Sprint(n%10), 900<<10))
	}
	o := r.options()
	o.SubjectOf = func(string) string { return "out.large" }
	require.NoError(t, r.open(o).Apply(r.ctx(), 1, large))
	records, markers := r.stored()
	require.Equal(t, large, records)
	require.Equal(t, 3, markers)
}

// A writer that failed in the middle of a large batch is followed by one that has other bounds: it writes the rest.
func TestTheRestOfALargeBatch(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	ctx, cancel := context.WithCancelCause(r.ctx())
	o := r.options()
	o.MaxBatch = 11
	encoded, stop := 0, errors.New("stop")
	o.Encode = func(s string) ([]byte, error) {
		if encoded++; encoded == 26 {
			cancel(stop)
			return nil, stop
		}
		return []byte(s), nil
	}
	w := r.open(o)
	require.ErrorIs(t, w.Apply(ctx, 1, sinkBatch(1, 40)), stop)
	records, _ := r.stored()
	require.Equal(t, sinkBatch(1, 40)[:20], records)
	require.Zero(t, r.applied(w), "it is not complete")

	next := r.open(r.options())
	require.ErrorIs(t, next.Apply(r.ctx(), 2, sinkBatch(2, 1)), jetstream.ErrOrder)
	require.ErrorIs(t, next.Apply(r.ctx(), 1, sinkBatch(1, 39)), jetstream.ErrOrder)
	require.NoError(t, next.Apply(r.ctx(), 1, sinkBatch(1, 40)))
	require.NoError(t, w.Apply(r.ctx(), 1, sinkBatch(1, 40)), "a zombie")
	records, _ = r.stored()
	require.Equal(t, sinkBatch(1, 40), records)
	require.EqualValues(t, 1, r.applied(w))
}

// Two writers apply the same batches at the same time: the marker's condition lets one of them write each.
func TestTwoWritersAtOnce(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	const last = 60
	o := r.options()
	o.MaxBatch = 8
	results, ctx := make(chan error), r.ctx()
	for range 2 {
		w := r.open(o)
		go func() {
			var errs error
			for txid := uint64(1); txid <= last; txid++ {
				errs = errors.Join(errs, w.Apply(ctx, txid, sinkBatch(txid, 20)))
			}
			results <- errs
		}()
	}
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	var want []string
	for txid := uint64(1); txid <= last; txid++ {
		want = append(want, sinkBatch(txid, 20)...)
	}
	records, _ := r.stored()
	require.Equal(t, want, records)
}

func TestPartitionsAreApart(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	for _, id := range []trident.SinkID{{Topology: "a", Sink: "s.t"}, {Topology: "a", Sink: "s=2Et"}, {Topology: "a", Sink: "s.t", Partition: 1}, {Topology: "a.s", Sink: "t"}, {Topology: "ü *>", Sink: " "}} {
		w, err := jetstream.Sink(r.options()).Open(r.ctx(), id)
		require.NoError(t, err)
		require.Zero(t, r.applied(w))
		require.NoError(t, w.Apply(r.ctx(), 7, sinkBatch(7, 1)))
		require.NoError(t, w.Close())
	}
	records, markers := r.stored()
	require.Len(t, records, 5)
	require.Equal(t, 5, markers)
}

func TestAMarkerThatIsGone(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	w := r.open(r.options())
	require.NoError(t, w.Apply(r.ctx(), 1, sinkBatch(1, 1)))
	s, err := r.js.Stream(r.ctx(), "OUT")
	require.NoError(t, err)
	require.NoError(t, s.Purge(r.ctx()))
	require.ErrorIs(t, w.Apply(r.ctx(), 2, sinkBatch(2, 1)), jetstream.ErrMarkerLost)

	o := r.options()
	o.AllowLimits = true
	w = r.open(o)
	require.NoError(t, w.Apply(r.ctx(), 2, sinkBatch(2, 1)))
	require.NoError(t, s.Purge(r.ctx()))
	require.NoError(t, w.Apply(r.ctx(), 2, sinkBatch(2, 1)), "the writer knows")
	require.NoError(t, w.Apply(r.ctx(), 3, sinkBatch(3, 1)))
	records, _ := r.stored()
	require.Equal(t, sinkBatch(3, 1), records)

	_, err = r.js.Publish(r.ctx(), "marker.OUT.bank.out=2Eputs.3", []byte("{}"))
	require.NoError(t, err)
	_, err = r.open(r.options()).Applied(r.ctx())
	require.ErrorIs(t, err, jetstream.ErrMarker)
}

func TestRecordsThatCanNotBePublished(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	for want, change := range map[string]func(o *jetstream.SinkOptions[string]){
		"does not take its subject":  func(o *jetstream.SinkOptions[string]) { o.SubjectOf = func(string) string { return "elsewhere" } },
		"wildcards, spaces or empty": func(o *jetstream.SinkOptions[string]) { o.SubjectOf = func(string) string { return "out.*" } },
		"is one of the markers": func(o *jetstream.SinkOptions[string]) {
			o.SubjectOf = func(string) string { return "marker.OUT.x.y.0" }
		},
		"NATS takes 1048576": func(o *jetstream.SinkOptions[string]) {
			o.Encode = func(string) ([]byte, error) { return make([]byte, 1<<20), nil }
		},
		"is for the server": func(o *jetstream.SinkOptions[string]) {
			o.Headers = func(string) nats.Header { return nats.Header{"nats-rollup": {"all"}} }
		},
	} {
		o := r.options()
		change(&o)
		err := r.open(o).Apply(r.ctx(), 1, sinkBatch(1, 2))
		require.ErrorIs(t, err, jetstream.ErrRecord)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "write txid 1 to stream \"OUT\"")
	}
	records, markers := r.stored()
	require.Empty(t, records)
	require.Zero(t, markers)
}

// A subject that the stream was given after the sink was opened is seen, and so is one that was taken away.
func TestTheStreamsSubjectsChange(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	o := r.options()
	o.SubjectOf = func(string) string { return "more" }
	w := r.open(o)
	require.ErrorIs(t, w.Apply(r.ctx(), 1, sinkBatch(1, 1)), jetstream.ErrRecord)
	_, err := r.js.UpdateStream(r.ctx(), js.StreamConfig{Name: "OUT", Subjects: []string{"out.>", "marker.OUT.>", "more"}, AllowAtomicPublish: true, AllowRollup: true})
	require.NoError(t, err)
	require.NoError(t, w.Apply(r.ctx(), 1, sinkBatch(1, 1)))

	_, err = r.js.UpdateStream(r.ctx(), js.StreamConfig{Name: "OUT", Subjects: []string{"out.>", "marker.OUT.>"}, AllowAtomicPublish: true, AllowRollup: true})
	require.NoError(t, err)
	err = w.Apply(r.ctx(), 2, sinkBatch(2, 3))
	require.ErrorIs(t, err, jetstream.ErrRecord, "the server has only said that nobody is there, or that a message is missing")
	require.ErrorContains(t, err, "record 1 of 3: the stream does not take its subject")
}
