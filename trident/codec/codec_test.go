package codec_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
)

type (
	id    string
	count int16
	flags []count
	user  struct {
		Name  string
		Age   int
		Tags  map[string]string
		Since time.Time
		Next  *user
		Any   any
		Float float32
		Raw   []byte
	}
	generic[T any] struct{ X T }
)

// same encodes the values one by one and as a chunk, and wants them back.
func same[T any](t *testing.T, xs ...T) {
	t.Helper()
	c, err := codec.For[T]()
	require.NoError(t, err)
	for _, x := range xs {
		b, err := c.Append([]byte("head"), x)
		require.NoError(t, err)
		y, rest, err := c.Decode(append(b[4:], "tail"...))
		require.NoError(t, err)
		require.Equal(t, x, y)
		require.Equal(t, "tail", string(rest))
		require.Positive(t, c.Size(x))
		for i := range b[4:] {
			_, _, err := c.Decode(b[4 : 4+i])
			require.Error(t, err, "%v cut at %d", x, i)
		}
	}
	b, err := codec.AppendSlice(c, []byte("head"), xs)
	require.NoError(t, err)
	ys, rest, err := codec.DecodeSlice(c, xs[:0:0], append(b[4:], "tail"...))
	require.NoError(t, err)
	require.Equal(t, xs, ys)
	require.Equal(t, "tail", string(rest))
}

func TestWhatComesIsWhatWent(t *testing.T) {
	same(t, true, false)
	same(t, 0, 1, -1, 63, -64, 64, math.MaxInt, math.MinInt)
	same[int8](t, 0, 127, -128)
	same[int16](t, 0, math.MaxInt16, math.MinInt16)
	same[int32](t, 0, math.MaxInt32, math.MinInt32)
	same[int64](t, 0, math.MaxInt64, math.MinInt64)
	same[uint](t, 0, 127, 128, math.MaxUint)
	same[uint8](t, 0, 255)
	same[uint16](t, 0, 65535)
	same[uint32](t, 0, math.MaxUint32)
	same[uint64](t, 0, math.MaxUint64)
	same[float32](t, 0, 1.5, math.MaxFloat32, float32(math.Inf(-1)))
	same(t, 0, 1.5, math.Copysign(0, -1), math.SmallestNonzeroFloat64)
	same(t, "", "a", "\x00\xff", "no \xc3\x28 UTF-8", string(make([]byte, 300)))
	same(t, []byte("x"), []byte{}, nil)
	same[id](t, "", "b")
	same[count](t, 1, -1)
	same(t, flags{1, 2}, flags{}, nil)
	same(t, []string{"a", ""}, []string{}, nil)
	same(t, []bool{true}, nil)
	same(t, []float32{1}, nil)
	same(t, []float64{1}, nil)
	same(t, []int{1}, nil)
	same(t, []int8{-1}, nil)
	same(t, []int32{-1}, nil)
	same(t, []int64{-1}, nil)
	same(t, []uint{1}, nil)
	same(t, []uint16{1}, nil)
	same(t, []uint32{1}, nil)
	same(t, []uint64{1}, nil)
	same(t, [][]byte{{1}, {}, nil}, nil)
	same(t, []time.Time{time.Unix(1, 2).UTC()}, nil)
	same(t, codec.Pair[string, int64]{"a", 1}, codec.Pair[string, int64]{})
	same(t, codec.Pair[id, []codec.Pair[count, []byte]]{"a", []codec.Pair[count, []byte]{{1, []byte("x")}, {}}})
	same(t, codec.Pair[codec.Pair[int, string], user]{codec.Pair[int, string]{1, "k"}, user{Name: "n"}})
	same(t, user{}, user{Name: "n", Age: -3, Tags: map[string]string{"a": "b"}, Next: &user{Name: "m"}, Any: []any{int64(1), "x"}, Raw: []byte{0}})
	same(t, &user{Name: "n"}, nil)
	same(t, []user{{Age: 1}}, nil)
	same(t, [2]string{"a", "b"})
	same(t, map[string]int{"a": 1}, nil)
	same(t, generic[codec.Pair[string, int]]{codec.Pair[string, int]{"a", 1}})
	same(t, struct{}{}, struct{}{})
}

func TestTimesKeepTheirInstantAndOffset(t *testing.T) {
	c, err := codec.For[time.Time]()
	require.NoError(t, err)
	for _, x := range []time.Time{{}, time.Unix(1, 999_999_999), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0).In(time.FixedZone("x", 3600))} {
		b, err := c.Append(nil, x)
		require.NoError(t, err)
		y, _, err := c.Decode(b)
		require.NoError(t, err)
		require.True(t, x.Equal(y))
		_, want := x.Zone()
		_, got := y.Zone()
		require.Equal(t, want, got)
		for i := range b {
			_, _, err := c.Decode(b[:i])
			require.Error(t, err)
		}
	}
	b, err := c.Append(nil, time.Unix(1, 2))
	require.NoError(t, err)
	b[1+9] = 0xff // nanoseconds
	_, _, err = c.Decode(b)
	require.ErrorContains(t, err, "nanoseconds in its second")
}

// TestEqualMapsEncodeEqually has maps of strings in many orders.
func TestEqualMapsEncodeEqually(t *testing.T) {
	c, err := codec.For[map[string]string]()
	require.NoError(t, err)
	var first []byte
	for range 50 {
		b, err := c.Append(nil, map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"})
		require.NoError(t, err)
		if first == nil {
			first = b
		}
		require.Equal(t, first, b)
	}
}

type (
	halfMade struct{ X int }
	ring     struct{ Next []*ring }
	deep     []deep
)

func (halfMade) MarshalText() ([]byte, error) { return nil, nil }

func TestTypesThatCantBeEncoded(t *testing.T) {
	refused[func()](t, "a func can't be encoded")
	refused[chan int](t, "a chan can't be encoded")
	refused[uintptr](t, "a uintptr can't be encoded")
	refused[[]complex64](t, "[]: a complex64 can't be encoded")
	refused[error](t, "is an interface")
	refused[struct {
		A struct{ B map[string][]func() }
	}](t, "A.B[][]: a func can't be encoded")
	refused[struct{ A, b int }](t, "b: the field is not exported")
	refused[struct{ A *halfMade }](t, "A: *codec_test.halfMade has methods to be encoded or decoded by, but not both")
	refused[codec.Pair[string, chan int]](t, "the value of a pair: ")
	refused[codec.Pair[struct{ a int }, int]](t, "the key of a pair: ")
	refused[[]codec.Pair[string, chan int]](t, "the value of a pair: ")
	same(t, struct {
		A int
		b int `msgpack:"-"`
	}{A: 1})
}

func refused[T any](t *testing.T, what string) {
	t.Helper()
	_, err := codec.For[T]()
	require.ErrorContains(t, err, what)
	var typ *codec.TypeError
	require.ErrorAs(t, err, &typ)
}

func TestValuesThatCantBeEncoded(t *testing.T) {
	r := &ring{}
	r.Next = []*ring{r}
	unfit(t, r, "holds itself")
	d := deep{}
	for range 70 {
		d = deep{d}
	}
	unfit(t, d, "nested deeper than 64")
	unfit(t, generic[any]{func() {}}, "unsupported")
	unfit(t, generic[string]{string(make([]byte, codec.MaxValue+1))}, "more than 1048576 bytes")
}

func unfit[T any](t *testing.T, x T, what string) {
	t.Helper()
	c, err := codec.For[T]()
	require.NoError(t, err)
	b, err := c.Append([]byte("head"), x)
	require.ErrorContains(t, err, what)
	require.Equal(t, "head", string(b))
	b, err = codec.AppendSlice(c, []byte("head"), []T{x})
	require.ErrorContains(t, err, what)
	require.Equal(t, "head", string(b))
}

// TestAFieldThatIsNotThereIsAnError reads what a newer type has written.
func TestAFieldThatIsNotThereIsAnError(t *testing.T) {
	newer, err := codec.For[struct{ A, B int }]()
	require.NoError(t, err)
	older, err := codec.For[struct{ A int }]()
	require.NoError(t, err)
	b, err := newer.Append(nil, struct{ A, B int }{1, 2})
	require.NoError(t, err)
	_, _, err = older.Decode(b)
	require.ErrorContains(t, err, `unknown field "B"`)
	b, err = older.Append(nil, struct{ A int }{1})
	require.NoError(t, err)
	x, _, err := newer.Decode(b)
	require.NoError(t, err)
	require.Equal(t, struct{ A, B int }{A: 1}, x)
}

func TestSizesAreNear(t *testing.T) {
	near(t, "some text of forty-odd characters or so .")
	near(t, codec.Pair[string, int64]{"some key of the usual length", 123_456})
	near(t, user{Name: "some name of the usual length, or longer", Raw: make([]byte, 500)})
	near(t, make([]float64, 100))
	near(t, []string{"abc", "def", "ghi"})
}

func near[T any](t *testing.T, x T) {
	t.Helper()
	c, err := codec.For[T]()
	require.NoError(t, err)
	b, err := c.Append(nil, x)
	require.NoError(t, err)
	require.InEpsilon(t, len(b), c.Size(x), 0.5, "%v", reflect.TypeFor[T]())
}
