package acker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	lastTick   = 1<<32 - 1
	middleTick = 1 << 31
)

func TestExpireComparesTicksModulo(t *testing.T) {
	for name, c := range map[string]struct {
		opened, now, age uint32
		expires          bool
	}{
		"a tick before":                  {0, 9, 10, false},
		"to the tick":                    {0, 10, 10, true},
		"later":                          {0, 1000, 10, true},
		"a tick before, across the wrap": {lastTick - 3, 5, 10, false},
		"to the tick, across the wrap":   {lastTick - 3, 6, 10, true},
		"in the last tick":               {lastTick, lastTick, 1, false},
		"at the wrap":                    {lastTick, 0, 1, true},
		"before the middle":              {middleTick - 1, middleTick, 2, false},
		"across the middle":              {middleTick - 1, middleTick + 1, 2, true},
		"in the upper half":              {middleTick + 100, middleTick + 105, 10, false},
		"opened by a clock ahead":        {11, 10, 10, false},
		"ahead, across the wrap":         {0, lastTick, 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []Mode{SinceEmit, SinceProgress} {
				l := New(1, 1, mode, 0)
				l.Arm(l.Open(nil, 0, c.opened), 1)
				require.Equal(t, c.expires, len(l.Expire(c.now, c.age, nil)) == 1, "mode %d", mode)
			}
		})
	}
}

// The timeout begins anew with progress or a touch, and never goes back: another task's
// reading of the clock may be older than the last that was seen, or newer than the owner's.
func TestTimeoutBeginsAnew(t *testing.T) {
	apply := func(l *Ledger, root RootID, tick uint32) { l.Apply(root, 2, tick) }
	touch := func(l *Ledger, root RootID, tick uint32) { l.Touch(root, tick) }
	for name, c := range map[string]struct {
		mode   Mode
		renew  func(*Ledger, RootID, uint32)
		ticks  []uint32
		expire uint32 // with an age of 10
	}{
		"progress":                  {SinceProgress, apply, []uint32{105}, 115},
		"progress since emit":       {SinceEmit, apply, []uint32{105}, 110},
		"touch":                     {SinceProgress, touch, []uint32{105}, 115},
		"touch since emit":          {SinceEmit, touch, []uint32{105}, 115},
		"progress of a clock late":  {SinceProgress, apply, []uint32{108, 103}, 118},
		"progress before the emit":  {SinceProgress, apply, []uint32{97}, 110},
		"touch of a clock late":     {SinceEmit, touch, []uint32{108, 103}, 118},
		"progress of a clock ahead": {SinceProgress, apply, []uint32{120}, 130},
	} {
		t.Run(name, func(t *testing.T) {
			for _, base := range []uint32{0, lastTick - 103, lastTick - 110, middleTick - 103, middleTick} {
				l := New(1, 1, c.mode, 0)
				root := l.Open(nil, 0, base+100)
				l.Arm(root, 1)
				for _, tick := range c.ticks {
					c.renew(l, root, base+tick)
				}
				require.Empty(t, l.Expire(base+100, 10, nil), "base %d: at once", base)
				require.Empty(t, l.Expire(base+c.expire-1, 10, nil), "base %d: early", base)
				require.Len(t, l.Expire(base+c.expire, 10, nil), 1, "base %d: late", base)
			}
		})
	}
}

// What touched the former use of a slot says nothing of the next, however long ago it was.
func TestNextUseHasItsOwnTimeout(t *testing.T) {
	for _, later := range []uint32{0, 1, 1000, middleTick - 1, middleTick, middleTick + 1, lastTick - 50} {
		l := New(1, 1, SinceEmit, 0)
		root := l.Open(nil, 0, 50)
		l.Arm(root, 1)
		require.True(t, l.Touch(root, 50))
		_, ok := l.Settle(root)
		require.True(t, ok)
		l.Open(nil, 0, 50+later)
		require.Empty(t, l.Expire(50+later+9, 10, nil), "%d ticks later", later)
		require.Len(t, l.Expire(50+later+10, 10, nil), 1, "%d ticks later", later)
	}
}
