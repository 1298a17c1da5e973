package supervisor

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// story tells a slot what happens, at times since the beginning, and notes what it wants done.
type story struct {
	t     *testing.T
	slot  slot
	begin time.Time
	now   time.Time
}

func newStory(t *testing.T) *story {
	timing := Timing{}.withDefaults()
	begin := time.Now()
	return &story{t, newSlot(&timing, begin), begin, begin}
}

// tickUntil ticks every 250 ms to a time since the beginning, and returns what was wanted first, and when.
func (s *story) tickUntil(since time.Duration) (action, time.Duration) {
	for s.now.Sub(s.begin) < since {
		s.now = s.now.Add(lookEvery)
		if do := s.slot.tick(s.now); do != nothing {
			return do, s.now.Sub(s.begin)
		}
	}
	return nothing, since
}

// up brings the slot to a process that gives signs of life.
func (s *story) up() {
	require.Equal(s.t, prepare, s.slot.tick(s.now))
	require.Equal(s.t, launch, s.slot.prepared(s.now, nil))
	require.Equal(s.t, nothing, s.slot.launched(s.now, nil))
	require.Equal(s.t, starting, s.slot.state)
	s.slot.sign(s.now)
	require.Equal(s.t, running, s.slot.state)
}

func TestSlotRestartsAtOnceThenWithBackoff(t *testing.T) {
	s := newStory(t)
	s.up()
	died := exit{status: "signal: killed"}
	do, crashed, reason := s.slot.exited(s.now, died)
	require.Equal(t, prepare, do)
	require.True(t, crashed)
	require.Equal(t, "signal: killed", reason)
	for _, millis := range []int64{100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000} {
		delay := time.Duration(millis) * time.Millisecond
		require.Equal(t, launch, s.slot.prepared(s.now, nil))
		s.slot.launched(s.now, nil)
		do, _, _ := s.slot.exited(s.now, died)
		require.Equal(t, nothing, do)
		require.Equal(t, backoff, s.slot.state)
		require.Equal(t, nothing, s.slot.tick(s.now.Add(delay-1)))
		s.now = s.now.Add(delay)
		require.Equal(t, prepare, s.slot.tick(s.now))
	}
	s.slot.prepared(s.now, nil)
	s.slot.launched(s.now, nil)
	do, _, _ = s.slot.exited(s.now.Add(s.slot.timing.SteadyAfter), died)
	require.Equal(t, prepare, do, "after a steady life")
}

func TestSlotTriesToPrepareAgain(t *testing.T) {
	s := newStory(t)
	require.Equal(t, prepare, s.slot.tick(s.now))
	require.Equal(t, nothing, s.slot.prepared(s.now, errors.New("no network")))
	require.Equal(t, fetching, s.slot.state)
	require.Equal(t, "no network", s.slot.err)
	require.Equal(t, nothing, s.slot.tick(s.now))
	require.Equal(t, prepare, s.slot.tick(s.now.Add(100*time.Millisecond)))
	require.Equal(t, launch, s.slot.prepared(s.now, nil))
	require.Empty(t, s.slot.err)
}

func TestSlotSaysWhyItCanNotBeStarted(t *testing.T) {
	s := newStory(t)
	s.slot.tick(s.now)
	s.slot.prepared(s.now, nil)
	require.Equal(t, nothing, s.slot.launched(s.now, errors.New("exec format error")))
	require.Equal(t, backoff, s.slot.state)
	require.Equal(t, "exec format error", s.slot.err)
	require.Equal(t, prepare, s.slot.tick(s.now.Add(100*time.Millisecond)))
}

func TestSlotKillsWhatHangs(t *testing.T) {
	s := newStory(t)
	s.up()
	do, at := s.tickUntil(time.Minute)
	require.Equal(t, kill, do)
	require.Equal(t, 3*time.Second, at)
	do, at = s.tickUntil(time.Minute)
	require.Equal(t, kill, do, "again, if it is still there")
	require.Equal(t, 4*time.Second, at)
	do, crashed, reason := s.slot.exited(s.now, exit{status: "signal: killed"})
	require.Equal(t, prepare, do)
	require.True(t, crashed)
	require.Equal(t, "no sign of life for 3s", reason)
}

func TestSlotGivesTimeToStart(t *testing.T) {
	s := newStory(t)
	s.slot.tick(s.now)
	s.slot.prepared(s.now, nil)
	s.slot.launched(s.now, nil)
	do, at := s.tickUntil(time.Minute)
	require.Equal(t, kill, do)
	require.Equal(t, 10*time.Second, at)
}

func TestSlotExcusesSilenceWhileItDidNotRunItself(t *testing.T) {
	s := newStory(t)
	s.up()
	require.Equal(t, nothing, s.slot.tick(s.now.Add(time.Hour)))
	s.now = s.now.Add(time.Hour)
	do, at := s.tickUntil(2 * time.Hour)
	require.Equal(t, kill, do)
	require.Equal(t, time.Hour+3*time.Second, at)
}

func TestSlotStops(t *testing.T) {
	t.Run("a process", func(t *testing.T) {
		s := newStory(t)
		s.up()
		require.Equal(t, term, s.slot.stop(s.now))
		do, at := s.tickUntil(time.Minute)
		require.Equal(t, kill, do)
		require.Equal(t, 3*time.Second, at)
		do, crashed, _ := s.slot.exited(s.now, exit{status: "signal: killed"})
		require.Equal(t, nothing, do)
		require.False(t, crashed)
		require.Equal(t, gone, s.slot.state)
	})
	t.Run("a preparation", func(t *testing.T) {
		s := newStory(t)
		s.slot.tick(s.now)
		require.Equal(t, cancel, s.slot.stop(s.now))
		require.Equal(t, nothing, s.slot.prepared(s.now, nil))
		require.Equal(t, gone, s.slot.state)
	})
	t.Run("a wait", func(t *testing.T) {
		s := newStory(t)
		s.up()
		s.slot.exited(s.now, exit{order: true})
		require.Equal(t, nothing, s.slot.stop(s.now))
		require.Equal(t, gone, s.slot.state)
	})
}

func TestSlotRestsAfterAnEndInOrder(t *testing.T) {
	s := newStory(t)
	s.up()
	do, crashed, _ := s.slot.exited(s.now, exit{status: "exit status 0", order: true})
	require.Equal(t, nothing, do)
	require.False(t, crashed)
	require.Equal(t, "stopping", s.slot.state.shown())
	do, at := s.tickUntil(time.Minute)
	require.Equal(t, prepare, do)
	require.Equal(t, 10*time.Second, at)
}

// Whatever happens in whatever order: never two processes, never a signal to none, never an end with a process left.
func TestSlotHoldsItsInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timing := Timing{}.withDefaults()
		now := time.Now()
		s := newSlot(&timing, now)
		alive, preparing := false, false
		var follow func(do action)
		follow = func(do action) {
			switch do {
			case prepare:
				if alive || preparing {
					t.Fatal("prepares though there is a process, or twice")
				}
				preparing = true
			case cancel:
				if !preparing {
					t.Fatal("cancels nothing")
				}
			case launch:
				if alive || s.unwanted {
					t.Fatal("launches a second, or what isn't wanted")
				}
				alive = rapid.Bool().Draw(t, "launched")
				var err error
				if !alive {
					err = errors.New("no")
				}
				follow(s.launched(now, err))
			case term, kill:
				if !alive {
					t.Fatal("signals nobody")
				}
			}
		}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(4*time.Second)).Draw(t, "pause")))
			switch e := rapid.IntRange(0, 20).Draw(t, "event"); {
			case e < 8:
				follow(s.tick(now))
			case e < 12 && preparing:
				preparing = false
				follow(s.prepared(now, rapid.SampledFrom([]error{nil, errors.New("no")}).Draw(t, "prepared")))
			case e < 14 && alive:
				s.sign(now)
			case e < 15 && alive:
				follow(s.over(now, "memory"))
			case e < 19 && alive:
				alive = false
				do, _, _ := s.exited(now, exit{"exit status", rapid.Bool().Draw(t, "order")})
				follow(do)
			case e == 20:
				follow(s.stop(now))
			}
			if s.alive != alive || s.preparing != preparing {
				t.Fatal("it thinks otherwise of what there is")
			}
			if s.state == gone && (alive || preparing) {
				t.Fatal("it has ended with something left")
			}
		}
	})
}
