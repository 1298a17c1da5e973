package process

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// spouts hear what a valve tells them, but when they are deaf.
type spouts struct {
	deaf   atomic.Bool
	active atomic.Bool
	told   atomic.Int64 // how often they have heard something
	ended  atomic.Bool
}

func (s *spouts) tell(ctx context.Context, active bool) error {
	switch {
	case s.ended.Load():
		return worker.ErrEnded
	case s.deaf.Load():
		<-ctx.Done()
		return ctx.Err()
	}
	s.active.Store(active)
	s.told.Add(1)
	return nil
}

// withValve runs a test with a valve in virtual time.
func withValve(t *testing.T, test func(t *testing.T, v *valve, s *spouts)) {
	synctest.Test(t, func(t *testing.T) {
		s := &spouts{}
		v := newValve(s.tell)
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(ended); v.run(ctx) }()
		synctest.Wait()
		test(t, v, s)
		cancel()
		<-ended
	})
}

func TestValveTellsWhatIsWantedLast(t *testing.T) {
	withValve(t, func(t *testing.T, v *valve, s *spouts) {
		<-v.opened
		v.set(true)
		synctest.Wait()
		require.True(t, s.active.Load())
		s.deaf.Store(true)
		v.set(false)
		v.set(true)
		v.set(false)
		synctest.Wait()
		active, _ := v.state()
		require.True(t, active, "they have not heard that they should pause")
		s.deaf.Store(false)
		require.NoError(t, v.awaitClosed(t.Context()))
		require.False(t, s.active.Load())
		told := s.told.Load()
		v.set(false)
		synctest.Wait()
		require.Equal(t, told, s.told.Load(), "nothing new is not told")
	})
}

func TestLockedValveStaysClosed(t *testing.T) {
	withValve(t, func(t *testing.T, v *valve, s *spouts) {
		v.lock()
		v.set(true)
		require.NoError(t, v.awaitClosed(t.Context()))
		synctest.Wait()
		require.False(t, s.active.Load())
		active, locked := v.state()
		require.Equal(t, []bool{false, true}, []bool{active, locked})
	})
}

func TestWaitForSpoutsThatDoNotHear(t *testing.T) {
	withValve(t, func(t *testing.T, v *valve, s *spouts) {
		v.set(true)
		synctest.Wait()
		s.deaf.Store(true)
		v.lock()
		patience, cancel := context.WithTimeout(t.Context(), 10*tellTime)
		defer cancel()
		require.ErrorIs(t, v.awaitClosed(patience), errUnheard)
		s.ended.Store(true) // then nobody tells them any more
	})
}
