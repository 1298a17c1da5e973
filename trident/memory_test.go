package trident_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"

	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

func TestRecordsComeFromEachPosition(t *testing.T) {
	s := trident.Records([]int{1, 2, 3}, nil, []int{4})
	names, err := s.Partitions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1", "2"}, names)
	r := opened(t, s, "0", nil)
	some, position, err := r.Read(nil, 2)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, some)
	all, end := rest(t, opened(t, s, "0", position), 2)
	require.Equal(t, []int{3}, all)
	all, _ = rest(t, opened(t, s, "0", end), 2)
	require.Empty(t, all)
	all, position = rest(t, opened(t, s, "1", nil), 2)
	require.Empty(t, all)
	require.Nil(t, position)
	all, _ = rest(t, opened(t, s, "2", nil), 2)
	require.Equal(t, []int{4}, all)
}

func TestPositionsOfOtherSourcesAreRefused(t *testing.T) {
	for _, s := range []trident.Source[int]{trident.Records([]int{1}), trident.NewFeed[int](1, 1)} {
		for partition, position := range map[string]string{"0": "2", "1": "0", "x": "0", "-1": "0"} {
			_, err := s.Open(t.Context(), partition, []byte(position), func() {})
			require.Error(t, err, "%s %s", partition, position)
		}
		_, err := s.Open(t.Context(), "0", []byte("x"), func() {})
		require.ErrorContains(t, err, `the position "x" is no number`)
	}
}

func TestFeedSaysWhenItIsReady(t *testing.T) {
	f := trident.NewFeed[int](1, 10)
	ready := 0
	r, err := f.Open(t.Context(), "0", nil, func() { ready++ })
	require.NoError(t, err)
	send(t, f, 1, 2, 3)
	require.Equal(t, 1, ready)
	some, position, err := r.Read(nil, 2)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, some)
	require.Equal(t, "2", string(position))
	some, _, err = r.Read(nil, 2)
	require.NoError(t, err)
	require.Equal(t, []int{3}, some)
	some, position, err = r.Read(nil, 2)
	require.NoError(t, err)
	require.Empty(t, some)
	require.Nil(t, position)
	f.Close()
	f.Close()
	require.Equal(t, 3, ready)
	_, _, err = r.Read(nil, 2)
	require.Equal(t, io.EOF, err)
	_, err = f.Send(t.Context(), 0, 4)
	require.ErrorIs(t, err, trident.ErrFeedClosed)
	require.NoError(t, r.Close())
}

func send(t *testing.T, f *trident.Feed[int], records ...int) {
	t.Helper()
	n, err := f.Send(t.Context(), 0, records...)
	require.NoError(t, err)
	require.Len(t, records, n)
}

func TestFeedReplaysAndForgetsWhatIsCommitted(t *testing.T) {
	f := trident.NewFeed[int](1, 3)
	send(t, f, 1, 2, 3)
	r := opened[int](t, f, "0", nil)
	_, _, err := r.Read(nil, 3)
	require.NoError(t, err)
	send(t, f, 4, 5)
	f.Close()
	again := opened[int](t, f, "0", []byte("1"))
	all, _ := rest(t, again, 2)
	require.Equal(t, []int{2, 3, 4, 5}, all)
	_, err = f.Open(t.Context(), "0", nil, func() {})
	require.ErrorContains(t, err, "the position is 0, and the feed has records 1 to 5")
}

func TestFeedWaitsWhileItsWindowIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := trident.NewFeed[int](1, 2)
		r := opened[int](t, f, "0", nil)
		sent := make(chan int, 1)
		go func() {
			n, _ := f.Send(context.Background(), 0, 1, 2, 3, 4, 5)
			sent <- n
		}()
		synctest.Wait()
		for want, max := 2, 1; want <= 5; want++ {
			some, _, err := r.Read(nil, max)
			require.NoError(t, err)
			require.Equal(t, []int{want - 1}, some)
			synctest.Wait()
			require.Equal(t, want >= 4, len(sent) == 1, "after %d", want-1)
		}
		require.Equal(t, 5, <-sent)

		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			n, _ := f.Send(ctx, 0, 6, 7, 8, 9)
			sent <- n
		}()
		synctest.Wait()
		require.Empty(t, sent)
		cancel()
		require.Equal(t, 1, <-sent, "one was there, and another had room")

		go func() {
			_, err := f.Send(t.Context(), 0, 10)
			require.ErrorIs(t, err, trident.ErrFeedClosed)
			sent <- 0
		}()
		synctest.Wait()
		require.Empty(t, sent)
		f.Close()
		<-sent
	})
}

// TestFeedKeepsSoManyRecords reads more than a feed keeps.
func TestFeedKeepsSoManyRecords(t *testing.T) {
	f := trident.NewFeed[int](1, 1<<16)
	r := opened[int](t, f, "0", nil)
	batch := make([]int, 1<<16)
	var room []int
	for range trident.FeedKept/len(batch) + 5 {
		send(t, f, batch...)
		more, _, err := r.Read(room[:0], len(batch))
		require.NoError(t, err)
		require.Len(t, more, len(batch))
		room = more
	}
	_, err := f.Open(t.Context(), "0", nil, func() {})
	require.ErrorContains(t, err, "the position is 0, and the feed has records")
	last := (trident.FeedKept/len(batch) + 4) * len(batch)
	all, _, err := opened[int](t, f, "0", []byte("1000000")).Read(nil, 1<<30)
	require.NoError(t, err)
	require.Len(t, all, last+len(batch)-1_000_000)
}
