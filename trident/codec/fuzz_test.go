package codec_test

import (
	"bytes"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
)

// hostile decodes bytes as a chunk and as a value, and wants what decodes to be encoded and decoded alike.
func hostile[T any](t *testing.T, b []byte) {
	c, err := codec.For[T]()
	require.NoError(t, err)
	if xs, rest, err := codec.DecodeSlice(c, nil, b); err == nil {
		require.LessOrEqual(t, len(rest), len(b))
		again, err := codec.AppendSlice(c, nil, xs)
		require.NoError(t, err)
		ys, _, err := codec.DecodeSlice(c, nil, again)
		require.NoError(t, err)
		third, err := codec.AppendSlice(c, nil, ys)
		require.NoError(t, err)
		require.Len(t, third, len(again))
	}
	if x, _, err := c.Decode(b); err == nil {
		again, err := c.Append(nil, x)
		require.NoError(t, err)
		_, _, err = c.Decode(again)
		require.NoError(t, err)
	}
}

func FuzzDecode(f *testing.F) {
	seed(f, "a", "")
	seed(f, 1, -1000)
	seed(f, []string{"a"}, nil)
	seed(f, codec.Pair[string, int64]{"a", 1})
	seed(f, codec.Pair[string, [][]byte]{"a", [][]byte{{1}}})
	seed(f, user{Name: "a", Tags: map[string]string{"a": "b"}, Since: time.Unix(1, 2), Any: map[string]any{"x": []any{1, "y"}}})
	seed(f, &ring{Next: []*ring{{}, nil}})
	seed(f, time.Unix(1, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		hostile[string](t, b)
		hostile[int16](t, b)
		hostile[[]string](t, b)
		hostile[codec.Pair[string, int64]](t, b)
		hostile[codec.Pair[string, [][]byte]](t, b)
		hostile[user](t, b)
		hostile[*ring](t, b)
		hostile[map[int]float64](t, b)
		hostile[time.Time](t, b)
		hostileKey[codec.Pair[string, time.Time]](t, b)
		hostileKey[place](t, b)
	})
}

// hostileKey wants a form that decodes to be the only one of its key.
func hostileKey[K comparable](t *testing.T, b []byte) {
	k, err := codec.Key[K]()
	require.NoError(t, err)
	x, err := k.Decode(b)
	if err != nil || !reflect.DeepEqual(x, x) { // a NaN
		return
	}
	again := k.Append(nil, x)
	y, err := k.Decode(again)
	require.NoError(t, err)
	require.Equal(t, again, k.Append(nil, y))
}

func seed[T any](f *testing.F, xs ...T) {
	c, err := codec.For[T]()
	require.NoError(f, err)
	b, err := codec.AppendSlice(c, nil, xs)
	require.NoError(f, err)
	f.Add(b)
	for _, x := range xs {
		b, err := c.Append(nil, x)
		require.NoError(f, err)
		f.Add(b)
	}
}

// TestLengthsTakeNoMemory states lengths of gigabytes in a few bytes.
func TestLengthsTakeNoMemory(t *testing.T) {
	long := []byte{0xff, 0xff, 0xff, 0xff, 0x07} // 2^31 - 1, or so
	chunk := append(long[:5:5], 1, 0, 0, 0, 0)
	mapped := []byte{5, 0xdf, 0x7f, 0xff, 0xff, 0xff} // a msgpack map of as many entries, behind its length
	listed := []byte{5, 0xdd, 0x7f, 0xff, 0xff, 0xff}
	before := memory()
	for _, b := range [][]byte{long, chunk, mapped, listed} {
		hostile[string](t, b)
		hostile[[]string](t, b)
		hostile[[4096]int](t, b)
		hostile[map[string]string](t, b)
		hostile[[]user](t, b)
		hostile[user](t, b)
	}
	require.Less(t, memory()-before, uint64(64<<20))
}

// TestElementsTakeMemoryAsTheyCome has a chunk of a million bytes state as many elements of a page each, of which the first is
// damaged.
func TestElementsTakeMemoryAsTheyCome(t *testing.T) {
	c, err := codec.For[[512]int]()
	require.NoError(t, err)
	b := append([]byte{0xc0, 0x84, 0x3d, 0x40, 0x42, 0x0f, 0}, make([]byte, 1_000_000)...)
	before := memory()
	_, _, err = codec.DecodeSlice(c, nil, b)
	require.ErrorContains(t, err, "damaged encoding")
	require.Less(t, memory()-before, uint64(64<<20))
}

func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestDamagedChunks(t *testing.T) {
	c, err := codec.For[string]()
	require.NoError(t, err)
	xs := []string{"kept"}
	for what, b := range map[string][]byte{
		"cut short":                 {},
		"it states 1 elements":      {1, 0, 0, 0, 0, 0},
		"follow the last element":   {0, 1, 0, 0, 0, 0},
		"5 bytes are expected":      {1, 5, 0, 0, 0, 3, 'a', 'b'},
		"it states a length of 3":   {1, 3, 0, 0, 0, 3, 'a', 'b', 'c'},
		"it states a length of 100": {100, 1, 0, 0, 0, 0},
		"4 bytes are expected":      {1, 0, 0},
	} {
		ys, rest, err := codec.DecodeSlice(c, xs, b)
		require.ErrorContains(t, err, what)
		require.Equal(t, xs, ys)
		require.Equal(t, b, rest)
	}
	small, err := codec.For[int8]()
	require.NoError(t, err)
	_, _, err = small.Decode([]byte{0x80, 0x02})
	require.ErrorContains(t, err, "128 is no int8")
}

// TestHostileValues has what the library itself would trust.
func TestHostileValues(t *testing.T) {
	for what, b := range map[string][]byte{
		"it is cut short":                  {3, 0x92, 0xd9, 0x05}, // a list whose first text would end behind it
		"an extension where a map":         {8, 0xc7, 0x05, 0xff, 0xdf, 0x7f, 0xff, 0xff, 0xff},
		"a msgpack extension of type 5":    {3, 0xd4, 0x05, 0x00},
		"1 bytes follow the value":         {2, 0xc0, 0xc0},
		"there is no code 0xc1":            {1, 0xc1},
		"nested deeper than 64":            append([]byte{66}, bytes.Repeat([]byte{0x91}, 66)...),
		"it states a length of 9, and 1 b": {9, 0xc0},
	} {
		c, err := codec.For[map[string]string]()
		require.NoError(t, err)
		_, rest, err := c.Decode(b)
		require.ErrorContains(t, err, what)
		require.Equal(t, b, rest)
	}
}
