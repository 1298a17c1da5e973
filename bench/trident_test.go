package main

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

func TestAddWords(t *testing.T) {
	want := map[string]int64{}
	for n := range int64(3 * len(sentences)) {
		got := map[string]int64{}
		addWords(got, n)
		require.Equal(t, want, got, "%d sentences", n)
		for word := range wordsOf(n) {
			want[word]++
		}
	}
}

func TestFrequentWordIsCounted(t *testing.T) {
	counts := map[string]int64{}
	addWords(counts, int64(len(sentences)))
	require.Positive(t, counts[frequentWord])
}

func TestWordsIn(t *testing.T) {
	for n, s := range sentences {
		want := int64(0)
		for range wordsOf(int64(n)) {
			want++
		}
		require.Equal(t, want, wordsIn(s))
	}
}

func TestSentencesOf(t *testing.T) {
	words := int64(0)
	for n := range int64(3 * len(sentences)) {
		require.Equal(t, n, sentencesOf(words))
		require.EqualValues(t, -1, sentencesOf(words+1), "no sentence has one word")
		words += wordsIn(sentenceAt(n))
	}
}

// Half a record's words are an error, as no batch has half of one.
func TestHalfARecordIsAnError(t *testing.T) {
	l, err := newTridentLatency(tridentRate, plan{}, memoryLog)
	require.NoError(t, err)
	l.meter.begin(func(int64) {})
	require.NoError(t, l.show([]trident.Pair[string, int64]{{Key: "the", Value: wordsIn(sentences[0])}}))
	require.EqualValues(t, 1, l.done())
	require.ErrorContains(t, l.show([]trident.Pair[string, int64]{{Key: "the", Value: wordsIn(sentences[0]) + 1}}), "not those of whole records")
	<-l.source.ended
}

// A closed entrance lets nothing in, and knows what it has let in.
func TestEntrance(t *testing.T) {
	for _, pauses := range []bool{false, true} {
		e := newEntrance(loopSource(2))
		e.pauses = pauses
		r, err := e.Open(t.Context(), "1", []byte("6"), nil)
		require.NoError(t, err)
		before := time.Now().UnixNano()
		records, position, err := r.Read(nil, 3)
		require.NoError(t, err)
		require.Equal(t, "9", string(position))
		require.Len(t, records, 3)
		require.Equal(t, []string{sentences[6], sentences[7], sentences[0]}, []string{records[0].Text, records[1].Text, records[2].Text})
		require.GreaterOrEqual(t, records[0].Read, before)
		require.Zero(t, records[1].Read)
		require.EqualValues(t, 9, e.sentences())
		_, err = e.Open(t.Context(), "1", []byte("8"), nil) // an attempt begins anew
		require.NoError(t, err)
		require.EqualValues(t, 8, e.sentences())
		e.close()
		none, position, err := r.Read(nil, 3)
		require.Empty(t, none)
		require.Nil(t, position)
		if pauses {
			require.NoError(t, err)
		} else {
			require.Equal(t, io.EOF, err)
		}
		require.NoError(t, r.Close())
	}
}

// What was committed before the warm-up is over is no latency, unless there is nothing else.
func TestBoardWarmsUp(t *testing.T) {
	o := newBoard(time.Hour)
	require.NoError(t, o.seen([]int64{time.Now().Add(-time.Second).UnixNano()}))
	require.InEpsilon(t, 1e6, o.latency().p50, 0.1)
	o.first = o.first.Add(-time.Hour)
	for range 2 {
		require.NoError(t, o.seen([]int64{time.Now().Add(-2 * time.Second).UnixNano()}))
	}
	require.InEpsilon(t, 2e6, o.latency().p50, 0.1)
	require.EqualValues(t, 2, o.times.TotalCount())
}

func TestBoardCountsByValue(t *testing.T) {
	o := newBoard(0)
	require.NoError(t, o.counted([]trident.Pair[string, int64]{{Key: "a", Value: 3}, {Key: "b", Value: 1}}))
	require.NoError(t, o.counted([]trident.Pair[string, int64]{{Key: "a", Value: 5}}))
	require.EqualValues(t, 6, o.done())
	require.NoError(t, o.check(map[string]int64{"a": 5, "b": 1}))
	require.ErrorContains(t, o.check(map[string]int64{"a": 6, "b": 1}), "what is committed is not what was read")
}

// Counts that are not what was read give no figure: here a sentence is read which nobody counts.
func TestMiscountOfTridentIsAnError(t *testing.T) {
	l, err := newTridentWords(plan{}, memoryLog)
	require.NoError(t, err)
	w := l.(*tridentWords)
	w.entrance.read["another"] = 1
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, l.run(ctx), "what is committed is not what was read")
}

// A topology that doesn't end when its source has is cut short, and gives no figure.
func TestATopologyThatDoesNotEndIsAnError(t *testing.T) {
	patience := 10 * time.Millisecond
	b := topology.NewBuilder("endless")
	b.Spout("const", func() topology.Spout { return &constSpout{} }).Emits("v")
	b.Bolt("null", func() topology.Bolt { return &nullBolt{} }).Shuffle("const")
	w, err := newWorker(b)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, runToEnd(ctx, w, func() {}, patience), errNoEnd)
}

func TestStateThatIsWrongIsNoRecovery(t *testing.T) {
	w := &tellWriter{}
	require.ErrorContains(t, w.Apply(t.Context(), 7, []counted{{recoveryKeys + 3, 1}}), "was counted 1 times, not 2")
	require.ErrorContains(t, w.Apply(t.Context(), 7, []counted{{3 * recoveryKeys, 5}}), "was counted 5 times, not 4")
}

// A source of numbers gives its first ones at once, and from then on one each beat, from where it was left.
func TestNumberSource(t *testing.T) {
	ready := make(chan struct{}, 1)
	r, err := numberSource{3, time.Millisecond}.Open(t.Context(), "0", []byte("1"), func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	got, _, err := r.Read(nil, 1)
	require.NoError(t, err)
	require.Equal(t, []int64{1}, got)
	for len(got) < 5 {
		got, _, err = r.Read(got, 2)
		require.NoError(t, err)
		if len(got) >= 2 && len(got) < 5 {
			<-ready
		}
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5}, got[:5])
}
