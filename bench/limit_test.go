package main

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A bare loop that lost a tuple or acked one twice would be no limit: every tree must be
// complete at the end, which is to say that every XOR is 0.
func TestBareLoopsCompleteEveryTree(t *testing.T) {
	words, err := newWordLimit(plan{})
	require.NoError(t, err)
	chain := newConstLimit(constShape{acked: true})
	withID := newConstLimit(constShape{acked: true, id: true})
	fanout := newFanoutLimit()
	for name, c := range map[string]struct {
		load load
		bare *bare
	}{
		"chain": {chain, &chain.bare}, "id": {withID, &withID.bare}, "fanout": {fanout, &fanout.bare}, "words": {words, &words.(*wordLimit).bare},
	} {
		t.Run(name, func(t *testing.T) {
			runUntil(t, c.load, 4*maxPending)
			for slot := range c.bare.ledger {
				require.Zero(t, c.bare.ledger[slot].Load(), "slot %d", slot)
			}
		})
	}
}

// runUntil runs a load until it has done n units.
func runUntil(t *testing.T, l load, n int64) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- l.run(ctx) }()
	for l.done() < n {
		runtime.Gosched()
	}
	stop()
	require.NoError(t, <-ended)
}

func TestEdgesAreNeverZero(t *testing.T) {
	e := edges(1)
	for range 1_000_000 {
		require.NotZero(t, e.next())
	}
}

func TestSourcesAreBounded(t *testing.T) {
	lines, err := sourceLines()
	require.NoError(t, err)
	total := len(strings.Join(lines, "\n"))
	require.LessOrEqual(t, total, maxText)
	require.Greater(t, total, maxText/2)
}

func TestNoSources(t *testing.T) {
	_, err := readSources(t.TempDir())
	require.ErrorContains(t, err, "there are no .go files")
}
