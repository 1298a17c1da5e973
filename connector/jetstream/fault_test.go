package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestRestartedServerLosesNothing restarts the server twice while records go from stream to stream.
func TestRestartedServerLosesNothing(t *testing.T) {
	for name, confirm := range map[string]bool{"": false, "confirmed acks": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.stream("IN")
			r.stream("OUT")
			r.publish("IN", 1, 200)
			seen := make(chan string, 10_000)
			r.background(func(b *topology.Builder) {
				o := jetstream.SpoutOptions{Access: r.access(), Stream: "IN", ConfirmAcks: confirm, AckWait: 3 * time.Second}
				b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...).Parallelism(2).MaxPending(20)
				b.Bolt("pass", topology.BoltFunc(func(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
					seen <- string(t.Bytes("data"))
					out.Emit(t.Bytes("data"))
					return nil
				})).Emits("data").Shuffle("in")
				jetstream.Sink(b, "out", jetstream.SinkOptions{Access: r.access(), Subject: "OUT"}).Shuffle("pass")
			})
			for range 50 {
				await(t, seen, "the run is under way")
			}
			r.stop()
			r.start()
			r.publish("IN", 201, 300)
			r.stop()
			r.start()
			r.publish("IN", 301, 400)
			r.eventually(func() bool { return r.consumer("IN", "gale-test-in").AckFloor.Stream == 400 }, "all is acked")
			stored := r.stored("OUT")
			slices.Sort(stored)
			require.ElementsMatch(t, numbers(1, 400), slices.Compact(stored))
		})
	}
}

// TestKilledWorkersMessagesComeAgain kills a process that holds all messages.
func TestKilledWorkersMessagesComeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 100)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+r.url())
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	r.eventually(func() bool {
		c, err := r.js.Consumer(r.ctx(), "IN", "gale-test-in")
		return err == nil && c.CachedInfo().NumAckPending == 100
	}, "the victim holds all")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Equal(t, 100, r.consumer("IN", "gale-test-in").NumAckPending)

	o := victimOptions(r.url())
	o.End = true
	var got list
	r.run(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(o)).Emits(jetstream.Fields...)
		b.Bolt("got", got.bolt()).Shuffle("in")
	})
	require.ElementsMatch(t, numbers(1, 100), got.all())
}

func victimOptions(url string) jetstream.SpoutOptions {
	return jetstream.SpoutOptions{Access: jetstream.Access{URL: url}, Stream: "IN", AckWait: 2 * time.Second}
}

// victimMain holds all messages until it is killed.
func victimMain(url string) int {
	b := topology.NewBuilder("test")
	b.Spout("in", jetstream.Spout(victimOptions(url))).Emits(jetstream.Fields...)
	b.Bolt("holds", holding(make(chan string, 1000))).ManualAck().Shuffle("in")
	topo, err := b.Build()
	if err == nil {
		var w *worker.Worker
		if w, err = worker.New(topo, worker.Options{}); err == nil {
			err = w.Run(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, "the victim ended by itself:", err)
	return 1
}

// TestStartsWhenTheServerComesLate starts the server after the topology.
func TestStartsWhenTheServerComesLate(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	r.publish("IN", 1, 3)
	r.stop()
	got := make(chan string, 10)
	w, _ := r.background(func(b *topology.Builder) {
		b.Spout("in", jetstream.Spout(jetstream.SpoutOptions{Access: r.access(), Stream: "IN"})).Emits(jetstream.Fields...)
		b.Bolt("got", holding(got)).Shuffle("in")
	})
	r.eventually(func() bool { return len(w.Snapshot().Errors) > 0 }, "it reports that the server is away")
	require.Contains(t, w.Snapshot().Errors[0].Text, "trying again for 30s")
	r.start()
	for _, n := range numbers(1, 3) {
		require.Equal(t, n, await(t, got, "the messages"))
	}
}
