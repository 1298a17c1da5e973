package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// numbers emits 0 to 9999.
type numbers struct{ next int }

func (s *numbers) Next(_ context.Context, out *topology.SpoutCollector) error {
	if s.next == 10_000 {
		return topology.ErrEnd
	}
	out.EmitID(s.next, s.next)
	s.next++
	return nil
}

// A real run, whose bolt prints through Above and fails one tuple, while the table is drawn.
func TestConsoleOfARealRun(t *testing.T) {
	v := newVT(150, 30)
	c := newConsole(v, Options{Interval: time.Millisecond}, &terminal{size: v.size})
	b := topology.NewBuilder("odd")
	b.Spout("numbers", func() topology.Spout { return &numbers{} }).Emits("n")
	b.Bolt("look", topology.BoltFunc(func(_ context.Context, tuple *topology.Tuple, _ *topology.Collector) error {
		n := tuple.Int("n")
		if n%100 == 0 {
			fmt.Fprintf(c.Above(), "saw %d\n", n)
		}
		if n == 7777 {
			return errors.New("\a7777")
		}
		return nil
	})).Shuffle("numbers")
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	shown := make(chan struct{})
	go func() { defer close(shown); c.Run(ctx, w.Snapshot) }()
	require.NoError(t, w.Run(t.Context()))
	stop()
	<-shown
	c.Summary(w.Snapshot())

	lines := v.lines()
	for i := range 100 {
		require.Equal(t, fmt.Sprintf("saw %d", 100*i), lines[i])
	}
	require.True(t, strings.HasPrefix(lines[101], "odd ended after "))
	require.Equal(t, "numbers 1 10000 - 9999 1 0 0 0", firstFields(lines[104], 9))
	require.Equal(t, "look 1 0 10000 9999 1 0 0 0", firstFields(lines[105], 9))
	require.Regexp(t, `^1 error in look: .*\\a7777$`, lines[len(lines)-1])
}

func firstFields(line string, n int) string { return strings.Join(strings.Fields(line)[:n], " ") }
