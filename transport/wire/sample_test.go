package wire

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/galestream/gale/topology"
)

// The types of objects that the tests send.
type (
	order struct {
		ID    int64
		Name  string
		Tags  []string
		Attrs map[string]any
		At    time.Time
		Raw   []byte
		Key   [4]byte
		Next  *order
		Any   any
		Sum   cents
	}
	cents int64
	// sealed has its own encoding, by methods of its pointer.
	sealed struct{ secret string }
	// touchy panics when it is decoded.
	touchy struct{ N int }
	// greedy encodes itself as two values.
	greedy struct{}
	// refusing does not let itself be decoded.
	refusing struct{ N int }
	stranger struct{ N int }
)

func init() {
	topology.Register[order]("order")
	topology.Register[*order]("*order")
	topology.Register[cents]("cents")
	topology.Register[sealed]("sealed")
	topology.Register[touchy]("touchy")
	topology.Register[greedy]("greedy")
	topology.Register[refusing]("refusing")
}

func (s *sealed) MarshalBinary() ([]byte, error)         { return []byte(s.secret), nil }
func (s *sealed) UnmarshalBinary(b []byte) error         { s.secret = string(b); return nil }
func (*touchy) MarshalMsgpack() ([]byte, error)          { return []byte{1}, nil }
func (*touchy) UnmarshalMsgpack([]byte) error            { panic("don't touch me") }
func (greedy) MarshalMsgpack() ([]byte, error)           { return []byte{1, 2}, nil }
func (*refusing) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeInt(1) }
func (*refusing) DecodeMsgpack(*msgpack.Decoder) error   { return errRefused }

var errRefused = errors.New("not today")

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// requireSame is require.Equal for what values hold: to the bits of a float, the
// nanosecond and the zone of a time.
func requireSame(t require.TestingT, want, got any) {
	switch want := want.(type) {
	case float64:
		require.IsType(t, want, got)
		require.Equal(t, math.Float64bits(want), math.Float64bits(got.(float64)))
	case time.Time:
		require.IsType(t, want, got)
		requireSameTime(t, want, got.(time.Time))
	case []byte:
		require.IsType(t, want, got)
		require.Equal(t, string(want), string(got.([]byte)))
	case []any:
		require.IsType(t, want, got)
		requireSameList(t, want, got.([]any))
	case map[string]any:
		require.IsType(t, want, got)
		requireSameMap(t, want, got.(map[string]any))
	case nil, bool, int64, string:
		require.Equal(t, want, got)
	default:
		require.IsType(t, want, got)
		require.Equal(t, sortedBody(t, want), sortedBody(t, got))
	}
}

func requireSameTime(t require.TestingT, want, got time.Time) {
	require.Equal(t, want.Unix(), got.Unix())
	require.Equal(t, want.Nanosecond(), got.Nanosecond())
	wantName, wantOffset := want.Zone()
	gotName, gotOffset := got.Zone()
	require.Equal(t, wantName, gotName)
	require.Equal(t, wantOffset, gotOffset)
	require.Equal(t, want.Location() == time.UTC, got.Location() == time.UTC)
	require.Equal(t, want.Location() == time.Local, got.Location() == time.Local)
}

func requireSameList(t require.TestingT, want, got []any) {
	require.Len(t, got, len(want))
	for i := range want {
		requireSame(t, want[i], got[i])
	}
}

func requireSameMap(t require.TestingT, want, got map[string]any) {
	require.Len(t, got, len(want))
	for k := range want {
		require.Contains(t, got, k)
		requireSame(t, want[k], got[k])
	}
}

// sortedBody encodes an object with its maps in order, so that equal objects,
// also with a NaN in them, have equal bytes.
func sortedBody(t require.TestingT, x any) []byte {
	var w buffer
	enc := msgpack.NewEncoder(&w)
	enc.SetSortMapKeys(true)
	if s, ok := x.(sealed); ok {
		x = &s
	}
	require.NoError(t, enc.Encode(x))
	return w.b
}

func requireSameValues(t require.TestingT, want, got []topology.Value) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i].Kind(), got[i].Kind())
		requireSame(t, want[i].Any(), got[i].Any())
	}
}
