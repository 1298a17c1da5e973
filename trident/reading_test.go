package trident

import (
	"fmt"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/commit"
	"github.com/stretchr/testify/require"
)

// posted are services that keep what is told.
type posted struct {
	topology.Services
	mails []mail
}

func (p *posted) Tell(_ topology.TaskID, b []byte) bool {
	m, err := decodeMail(b)
	if err != nil || len(b) > topology.MaxMail {
		return false
	}
	p.mails = append(p.mails, m)
	return true
}

func (p *posted) Tasks(string) []topology.TaskID { return []topology.TaskID{7} }

func (p *posted) take() []mail {
	mails := p.mails
	p.mails = nil
	return mails
}

func newPostedTask(batchRecords int) (*stageTask, *posted) {
	p := &posted{}
	task := newStageTask(&graph{options: options{batchRecords: batchRecords}}, &place{})
	task.tc = topology.NewContext(topology.Context{Component: "source"}, nil, p)
	return task, p
}

// TestAWishForABatchIsSaidAgainUntilOneComes has the mails lost.
func TestAWishForABatchIsSaidAgainUntilOneComes(t *testing.T) {
	task, p := newPostedTask(1)
	tick := func() []mail {
		require.NoError(t, task.Tick(t.Context(), time.Time{}, nil))
		return p.take()
	}
	require.Empty(t, tick())
	task.ready()
	require.Equal(t, []mail{{Kind: mailReady}}, p.take())
	require.Equal(t, []mail{{Kind: mailReady}}, tick())
	task.batchBegins()
	require.Empty(t, tick())
	task.tell(mail{Kind: mailWake, At: 5})
	require.Equal(t, []mail{{Kind: mailWake, At: 5}}, p.take())
	require.Equal(t, []mail{{Kind: mailWake, At: 5}}, tick())
	task.tell(mail{Kind: mailWake})
	p.take()
	require.Empty(t, tick())
	task.tell(mail{Kind: mailWake, At: 6})
	p.take()
	require.NoError(t, task.settle(t.Context(), &packet{from: 1}))
	require.Empty(t, tick(), "the windows of the next attempt say what they want")
}

// TestATaskThatHasOpenedSaysItAgainUntilAnAttemptComes has the mail lost, and nothing to read: no batch begins by itself.
func TestATaskThatHasOpenedSaysItAgainUntilAnAttemptComes(t *testing.T) {
	task, p := newPostedTask(1)
	task.unheard = []*held{{p: &packet{txid: 3}}}
	said := func() (n int) {
		for range gapTicks {
			require.NoError(t, task.Tick(t.Context(), time.Time{}, nil))
		}
		return len(p.take())
	}
	require.Equal(t, 1, said())
	require.Equal(t, 1, said())
	task.unheard = nil
	require.Zero(t, said())
}

// TestWishesAreKeptOnceWhileNobodyTakesThem looks at a topology that is paused.
func TestWishesAreKeptOnceWhileNobodyTakesThem(t *testing.T) {
	c := newCoordinator(&graph{})
	report := commit.Report{Source: 1}
	for i := range 100 {
		c.put(commit.Ready{Source: 1})
		c.put(commit.Ready{Source: 2})
		c.put(commit.Wake{Stage: 7, At: int64(i)})
		c.put(commit.Wake{Stage: 8, At: 5})
	}
	c.put(report)
	c.put(commit.Ready{Source: 1})
	require.Equal(t, []commit.Event{commit.Ready{Source: 1}, commit.Ready{Source: 2}, commit.Wake{Stage: 7, At: 99}, commit.Wake{Stage: 8, At: 5}, report}, c.take())
}

// newTestReading reads partitions of three records each.
func newTestReading(t *testing.T, partitions []string, batchRecords int) (*reading[int], *posted, *[]int) {
	task, p := newPostedTask(batchRecords)
	pipe := &pipeline{task: task, tc: task.tc, ctx: t.Context(), batch: &batch{}}
	var got []int
	n := &node{name: "source"}
	n.downs = []*node{{pipe: func(*pipeline) any { return pusher[int](&taken{&got}) }}}
	r := newReading[int](pipe, n, nil)
	for i, name := range partitions {
		reader := &listReader[int]{records: []int{i, i, i}}
		r.parts = append(r.parts, &part[int]{name: name, reader: reader})
	}
	r.opened = true
	return r, p, &got
}

type taken struct{ got *[]int }

func (k *taken) push(xs []int) error {
	*k.got = append(*k.got, xs...)
	return nil
}
func (k *taken) end() error { return nil }

// TestEachPartitionHasItsTurn has batches that are full before all partitions were read.
func TestEachPartitionHasItsTurn(t *testing.T) {
	r, _, got := newTestReading(t, []string{"a", "b", "c"}, 1)
	for range 4 {
		require.NoError(t, r.finish())
	}
	require.Equal(t, []int{0, 1, 2, 0}, *got)
}

// TestAReportIsNeverTooLongForAMail reads many small partitions, whose positions all move.
func TestAReportIsNeverTooLongForAMail(t *testing.T) {
	var names []string
	for i := range 4096 {
		names = append(names, fmt.Sprintf("%0120d", i))
	}
	r, p, got := newTestReading(t, names, 65536)
	for batches := 0; !r.ended(); batches++ {
		require.Less(t, batches, 100)
		require.NoError(t, r.finish())
		require.Len(t, p.take(), 1)
	}
	require.Len(t, *got, 3*4096)
	r, _, _ = newTestReading(t, []string{"a"}, 65536)
	r.parts[0].reader = &longReader{}
	require.ErrorContains(t, r.finish(), `source "source": the positions of 1 partitions take`)
}

// longReader has a position that is longer than it may be.
type longReader struct{ read bool }

func (l *longReader) Read(records []int, _ int) ([]int, []byte, error) {
	if l.read {
		return records, nil, nil
	}
	l.read = true
	return append(records, 1), make([]byte, topology.MaxMail), nil
}
func (l *longReader) Close() error { return nil }

// TestNamesOfPartitionsCanBeToldApart refuses those that would lose positions.
func TestNamesOfPartitionsCanBeToldApart(t *testing.T) {
	require.NoError(t, checkPartitions([]string{"a", "ä", ""}))
	require.ErrorContains(t, checkPartitions([]string{"a", "b", "a"}), `two partitions "a"`)
	require.ErrorContains(t, checkPartitions([]string{"\xff"}), "UTF-8")
	require.ErrorContains(t, checkPartitions([]string{string(make([]byte, 129))}), "129 bytes")
	one, two := nameOf("data/\xfe.txt"), nameOf("data/\xff.txt")
	require.NotEqual(t, one, two)
	require.NoError(t, checkPartitions([]string{one, two, nameOf(string(make([]byte, 200)) + "\xff")}))
}
