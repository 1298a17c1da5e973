package transport

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// couple is two sessions without a network between them that could lose anything.
type couple struct {
	a, b    *session
	scratch [stateSize]byte
}

func newCouple(t testing.TB, credits, maxFrame int) *couple {
	c := &couple{a: newSession(1, credits, maxFrame), b: newSession(1, credits, maxFrame)}
	c.exchange(t)
	require.True(t, c.a.up && c.b.up)
	return c
}

// exchange carries frames both ways until there are none. It returns how many frames each end has sent.
func (c *couple) exchange(t testing.TB) (fromA, fromB int) {
	for {
		n, m := c.carry(t, c.a, c.b), c.carry(t, c.b, c.a)
		fromA, fromB = fromA+n, fromB+m
		if n+m == 0 {
			return fromA, fromB
		}
	}
}

func (c *couple) carry(t testing.TB, from, to *session) (n int) {
	for o := from.next(c.scratch[:]); o.bytes != nil; o = from.next(c.scratch[:]) {
		h, body, err := parseHeader(o.lane, o.bytes)
		if err != nil {
			t.Fatal(err)
		}
		if to.announces(o.lane, h, body) {
			to.begin(h.from)
		}
		if _, err := to.receive(o.lane, h, body); err != nil {
			t.Fatal(err)
		}
		if o.frame != nil {
			o.frame.published()
		}
		n++
	}
	return n
}

func TestAnIdleLinkIsSilentButForTheKeepAlive(t *testing.T) {
	c := newCouple(t, 4, 100)
	for range 10 * keepAlive {
		c.a.tick()
	}
	n, m := c.exchange(t)
	require.Equal(t, [2]int{1, 0}, [2]int{n, m}, "one keep-alive however many are due, and no answer")
	for range keepAlive - 1 {
		c.a.tick()
	}
	n, m = c.exchange(t)
	require.Equal(t, [2]int{0, 0}, [2]int{n, m})
	c.a.tick()
	n, _ = c.exchange(t)
	require.Equal(t, 1, n)
}

func TestAPeerThatIsNotHeardOfIsNotUp(t *testing.T) {
	c := newCouple(t, 4, 100)
	for range lost {
		c.a.tick()
	}
	require.True(t, c.a.snapshot().Up)
	c.a.tick()
	require.False(t, c.a.snapshot().Up)
	c.b.tick()
	c.b.reconnected()
	c.exchange(t)
	require.True(t, c.a.snapshot().Up)
}

func TestConfirmationsComeEvery16FramesOrWhenFlushed(t *testing.T) {
	c := newCouple(t, 100, 1)
	for range confirmEvery - 1 {
		c.a.send(1, nil)
	}
	n, m := c.exchange(t)
	require.Equal(t, [2]int{confirmEvery - 1, 0}, [2]int{n, m})
	c.a.send(1, nil)
	n, m = c.exchange(t)
	require.Equal(t, [2]int{1, 1}, [2]int{n, m})
	require.Empty(t, c.a.out[data].frames)
	c.a.send(1, nil)
	c.exchange(t)
	require.True(t, c.b.owes())
	c.b.flush = true
	n, m = c.exchange(t)
	require.Equal(t, [2]int{0, 1}, [2]int{n, m})
	require.Empty(t, c.a.out[data].frames)
}

func TestGrantsGoAtAQuarterOfTheWindowOrWithWhatGoesAnyway(t *testing.T) {
	c := newCouple(t, 8, 1000)
	for range 4 {
		c.a.send(1, nil)
	}
	c.exchange(t)
	c.b.grant(1)
	c.exchange(t)
	require.Equal(t, 4, c.a.credits.left(1))
	c.b.grant(1)
	c.exchange(t)
	require.Equal(t, 6, c.a.credits.left(1))
	c.b.grant(1)
	c.b.record(nil)
	_, m := c.exchange(t)
	require.Equal(t, 1, m, "one frame with record, grant and confirmation")
	require.Equal(t, 7, c.a.credits.left(1))
	c.b.grant(1)
	c.b.grant(1)
	c.b.flush = c.b.owes()
	c.exchange(t)
	require.Equal(t, 8, c.a.credits.left(1), "a grant without a slab is none")
	require.Equal(t, int64(4), c.b.stats.SlabsHandled)
}

func TestAFrameWithRoomWaitsWhileManyAreUnconfirmed(t *testing.T) {
	c := newCouple(t, 1000, 100)
	publish := func() (n int) {
		for o := c.a.next(c.scratch[:]); o.bytes != nil; o = c.a.next(c.scratch[:]) {
			n++
		}
		return n
	}
	for range eager {
		c.a.send(1, make([]byte, 30))
		require.Equal(t, 1, publish(), "goes at once")
	}
	c.a.send(1, make([]byte, 30))
	c.a.send(1, make([]byte, 30))
	require.Zero(t, publish(), "there is room for another")
	c.a.send(1, make([]byte, 30))
	require.Equal(t, 1, publish(), "it is full, the next one waits")
	require.True(t, c.a.out[data].confirm(confirmEvery))
	require.Equal(t, 1, publish(), "there is less under way")
}

func TestPeersWithOtherCreditsAreRefused(t *testing.T) {
	a, b := newSession(1, 8, 100), newSession(1, 9, 100)
	var scratch [stateSize]byte
	o := a.next(scratch[:])
	h, body, err := parseHeader(o.lane, o.bytes)
	require.NoError(t, err)
	require.False(t, b.announces(o.lane, h, body))
	_, err = b.receive(o.lane, h, body)
	require.ErrorContains(t, err, "it has 8 credits and we have 9")
	require.Equal(t, int64(1), b.stats.Refused)
}

// TestASlabAllocatesNothing is about the sender. The receiver has what NATS allocates for each message.
func TestASlabAllocatesNothing(t *testing.T) {
	c := newCouple(t, 64, 1000)
	slab := make([]byte, 100)
	round := func() {
		for range 32 {
			c.a.send(1, slab)
			c.b.grant(1)
		}
		c.b.flush, c.a.flush = true, true
		c.exchange(t)
		for range 32 {
			c.b.grant(1)
		}
		c.b.flush = true
		c.exchange(t)
	}
	for range 100 {
		round()
	}
	// A garbage collection empties the pool of frames, and the race detector has it lose some, so it is not quite zero.
	require.Less(t, testing.AllocsPerRun(1000, round), 6.0, "allocations for 32 slabs in 4 frames")
}
