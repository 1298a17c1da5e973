package worker_test

import (
	"errors"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestMistakesOfBolts has a bolt make one mistake with each of three tuples. Whatever it is, the
// run ends, each tree is told of once, and the error says where it happened.
func TestMistakesOfBolts(t *testing.T) {
	type bolt = func(t *topology.Tuple, out *topology.Collector) error
	type figures struct{ acked, failed, errors, refused, misused, reported int64 }
	for name, c := range map[string]struct {
		manual bool
		bolt   bolt
		text   string
		want   figures
	}{
		"ack twice": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			out.Ack(t)
			return nil
		}, `bad: ack of a tuple of stream "default" of "src" that was acked already`, figures{acked: 3, misused: 3, reported: 3}},
		"ack after fail": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Fail(t, errRefused)
			out.Ack(t)
			return nil
		}, `bad: ack of a tuple of stream "default" of "src" that was failed already`, figures{failed: 3, misused: 3, reported: 6}},
		"fail after ack": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			out.Fail(t, errRefused)
			return nil
		}, `bad: fail of a tuple of stream "default" of "src" that was acked already`, figures{acked: 3, misused: 3, reported: 3}},
		"error after ack": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			return errRefused
		}, errRefused.Error(), figures{acked: 3, errors: 3, reported: 3}},
		"ack with automatic acking": {false, func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			return nil
		}, "bad: ack of a tuple, but the bolt is not declared with ManualAck", figures{acked: 3, misused: 3, reported: 3}},
		"fail with automatic acking": {false, func(t *topology.Tuple, out *topology.Collector) error {
			out.Fail(t, errRefused)
			return nil
		}, "bad: fail of a tuple, but the bolt is not declared with ManualAck", figures{acked: 3, misused: 3, reported: 3}},
		"emit anchored to what was acked": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			out.Anchored(t).Emit(1)
			return nil
		}, `bad: emit anchored to a tuple of stream "default" of "src" that was acked already`, figures{acked: 3, refused: 3, reported: 3}},
		"plain emit after ack": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			out.Emit(1)
			return nil
		}, `bad: emit anchored to a tuple of stream "default" of "src" that was acked already`, figures{acked: 3, refused: 3, reported: 3}},
		"too many values": {false, func(_ *topology.Tuple, out *topology.Collector) error {
			out.Emit(1, 2)
			return nil
		}, `emit on stream "default" of "bad": 2 values for the 1 fields [n]`, figures{failed: 3, errors: 3, refused: 3, reported: 3}},
		"too few values, twice": {false, func(_ *topology.Tuple, out *topology.Collector) error {
			out.Emit()
			out.Emit()
			return nil
		}, `emit on stream "default" of "bad": 0 values for the 1 fields [n]`, figures{failed: 3, errors: 3, refused: 6, reported: 3}},
		"too many values, manual": {true, func(t *topology.Tuple, out *topology.Collector) error {
			out.Emit(1, 2)
			return nil
		}, `emit on stream "default" of "bad": 2 values for the 1 fields [n]`, figures{failed: 3, refused: 3, reported: 3}},
		"undeclared stream": {false, func(_ *topology.Tuple, out *topology.Collector) error {
			out.Stream("nowhere").Emit(1)
			return nil
		}, `emit on stream "nowhere" of "bad": there is no such stream; it has [default]`, figures{failed: 3, errors: 3, refused: 3, reported: 3}},
		"value that can't be emitted": {false, func(_ *topology.Tuple, out *topology.Collector) error {
			out.Emit(struct{ A int }{1})
			return nil
		}, `emit on stream "default" of "bad": a value of type struct { A int } can't be emitted`, figures{failed: 3, errors: 3, refused: 3, reported: 3}},
		"direct on a plain stream": {false, func(_ *topology.Tuple, out *topology.Collector) error {
			out.Stream(topology.DefaultStream).Direct(3).Emit(1)
			return nil
		}, `emit on stream "default" of "bad": the stream's declaration says direct: false`, figures{failed: 3, errors: 3, refused: 3, reported: 3}},
		"no such field": {false, func(t *topology.Tuple, _ *topology.Collector) error {
			t.Int("nn")
			return nil
		}, `there is no field "nn"`, figures{failed: 3, errors: 3, reported: 3}},
		"field of another type": {false, func(t *topology.Tuple, _ *topology.Collector) error {
			t.String("n")
			return nil
		}, `field "n" holds int64, not string: stream "default" of "src" has the fields [n]`, figures{failed: 3, errors: 3, reported: 3}},
		"field of another type, manual": {true, func(t *topology.Tuple, _ *topology.Collector) error {
			t.String("n")
			return nil
		}, `field "n" holds int64, not string`, figures{failed: 3, errors: 3, reported: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSource(3)
			w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
				b.Spout("src", s.factory).Emits("n")
				d := b.Bolt("bad", execute(c.bolt)).Emits("n").Shuffle("src")
				if c.manual {
					d.ManualAck()
				}
				b.Bolt("sink", ignore).Shuffle("bad")
			})
			got := of(t, w, "bad")
			require.Equal(t, c.want, figures{got.Acked, got.Failed, got.Counts.Errors, got.Refused, got.Misused, got.Errors})
			require.EqualValues(t, 3, got.Executed)
			require.Zero(t, of(t, w, "sink").Executed)
			require.Zero(t, got.Restarted)
			require.Len(t, s.acks, int(c.want.acked))
			require.Len(t, s.fails, int(c.want.failed))
			texts := errorsOf(w, "bad")
			require.Contains(t, texts[len(texts)-1], c.text)
		})
	}
}

// TestAckOfTick is no mistake: it is what Storm's bolts do.
func TestAckOfTick(t *testing.T) {
	s, ticked := newSource(1), make(chan struct{})
	s.n = 0
	ended := false
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("bolt", execute(func(t *topology.Tuple, out *topology.Collector) error {
			out.Ack(t)
			if t.IsTick() && !ended {
				ended = true
				close(ticked)
			}
			return nil
		})).ManualAck().Tick(topologyMillisecond).Shuffle("src")
		b.Bolt("other", ignore).Shuffle("src")
		b.Spout("endless", topology.SpoutFunc(idleNext)).Emits("n")
		b.Bolt("third", ignore).Shuffle("endless")
	})
	cancel, result := background(t, w)
	await(t, ticked, "a tick")
	cancel()
	require.NoError(t, await(t, result, "the end"))
	require.Zero(t, of(t, w, "bolt").Misused)
	require.Empty(t, w.Snapshot().Errors)
}

// TestMistakesOfSpouts fails the id of an emit that can't be done at once, and reports one error for each Next.
func TestMistakesOfSpouts(t *testing.T) {
	for name, c := range map[string]struct {
		emit func(out *topology.SpoutCollector, i int)
		text string
	}{
		"too many values":   {func(out *topology.SpoutCollector, i int) { out.EmitID(i, i, i) }, `emit on stream "default" of "src": 2 values for the 1 fields [n]`},
		"undeclared stream": {func(out *topology.SpoutCollector, i int) { out.Stream("nowhere").EmitID(i, i) }, `emit on stream "nowhere" of "src": there is no such stream`},
		"value that can't be emitted": {func(out *topology.SpoutCollector, i int) { out.EmitID(i, make(chan int)) },
			`emit on stream "default" of "src": a value of type chan int can't be emitted`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSource(3)
			s.emit = c.emit
			w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
				b.Spout("src", s.factory).Emits("n")
				b.Bolt("sink", ignore).Shuffle("src")
			})
			requireOnce(t, 3, s.fails)
			require.Empty(t, s.acks)
			require.ErrorAs(t, s.causes[0], new(*worker.EmitError))
			src := of(t, w, "src")
			require.EqualValues(t, []int64{0, 3, 3, 3, 3}, []int64{src.Emitted, src.Failed, src.Refused, src.Counts.Errors, src.Errors})
			require.Contains(t, errorsOf(w, "src")[0], c.text)
		})
	}
}

// TestErrorOfNext is reported, and Next is called again.
func TestErrorOfNext(t *testing.T) {
	s, failed := newSource(3), 0
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return &stumbling{s, &failed} }).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	requireOnce(t, 3, s.acks)
	require.EqualValues(t, 5, of(t, w, "src").Errors)
	require.Contains(t, errorsOf(w, "src")[0], "next: the source stumbles")
}

var errStumble = errors.New("the source stumbles")
