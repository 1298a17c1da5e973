package jetstream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDelayDoublesUpToItsBound(t *testing.T) {
	o := SpoutOptions{Backoff: 10 * time.Millisecond, MaxBackoff: time.Second}
	for delivered, want := range map[uint64]int64{1: 10, 2: 20, 3: 40, 7: 640, 8: 1000, 1 << 63: 1000} {
		require.Equal(t, time.Duration(want)*time.Millisecond, o.delay(delivered))
	}
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(1, 1<<62).Draw(t, "first")
		o := SpoutOptions{Backoff: time.Duration(first), MaxBackoff: time.Duration(rapid.Int64Range(first, 1<<62).Draw(t, "max"))}
		n := rapid.Uint64Range(1, 100).Draw(t, "delivered")
		require.LessOrEqual(t, o.delay(n), o.delay(n+1))
		require.GreaterOrEqual(t, o.delay(n), o.Backoff)
		require.LessOrEqual(t, o.delay(n), o.MaxBackoff)
	})
}

func TestPasswordsAreNotShown(t *testing.T) {
	a := Access{URL: "nats://gale:secret@a:4222, nats://b:4222,nats://c:secret@%zz"}
	require.Equal(t, "nats://gale:xxxxx@a:4222,nats://b:4222,(not a URL)", a.redacted())
	require.NotContains(t, a.name(), "secret")
	require.NotEqual(t, a.name(), Access{}.name())
}

func TestAcksAreRepeatedUntilTheyAreForgotten(t *testing.T) {
	h, start := newHold(), time.Unix(100, 0)
	r := &record{id: identity{1, 1}, answer: answer{"first", 1}, told: start}
	require.True(t, h.add(r))
	require.Empty(t, h.silent(start, start), "the server was just told")
	later := start.Add(time.Second)
	require.Equal(t, []due{{record: r, answer: answer{"first", 1}}}, h.silent(later, later))
	h.keep(r, later)
	require.True(t, h.again(r.id, answer{"second", 2}), "it is delivered again though it was acked")
	require.Equal(t, []due{{r, answer{"second", 2}, later}}, h.silent(start, later))
	h.forget(r.id)
	require.False(t, h.again(r.id, answer{"third", 3}))
	require.True(t, h.empty())
}
