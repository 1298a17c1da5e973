package codec_test

import (
	"bytes"
	"cmp"
	"math"
	"testing"
	"time"

	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type place struct {
	Country string
	_       int
	Zip     int32
	Codes   [2]string
	Height  float32
	Open    bool
	Since   time.Time
}

func TestKeysSortAndReturn(t *testing.T) {
	sorted(t, rapid.String(), cmp.Compare[string])
	sorted(t, rapid.Map(rapid.String(), func(s string) id { return id(s) }), cmp.Compare[id])
	sorted(t, rapid.Int(), cmp.Compare[int])
	sorted(t, rapid.Int8(), cmp.Compare[int8])
	sorted(t, rapid.Map(rapid.Int16(), func(n int16) count { return count(n) }), cmp.Compare[count])
	sorted(t, rapid.Int32(), cmp.Compare[int32])
	sorted(t, rapid.Int64(), cmp.Compare[int64])
	sorted(t, rapid.Uint(), cmp.Compare[uint])
	sorted(t, rapid.Uint8(), cmp.Compare[uint8])
	sorted(t, rapid.Uint16(), cmp.Compare[uint16])
	sorted(t, rapid.Uint32(), cmp.Compare[uint32])
	sorted(t, rapid.Uint64(), cmp.Compare[uint64])
	sorted(t, rapid.Float32(), cmp.Compare[float32])
	sorted(t, rapid.Float64(), cmp.Compare[float64])
	sorted(t, rapid.Bool(), func(a, b bool) int { return cmp.Compare(btoi(a), btoi(b)) })
	sorted(t, texts(), comparePairs)
	sorted(t, rapid.Custom(drawPlace), comparePlaces)
}

// sorted wants the forms of two keys to be in the order of the keys, equal only when these are, and to be decoded to them.
func sorted[K comparable](t *testing.T, keys *rapid.Generator[K], compare func(a, b K) int) {
	t.Helper()
	k, err := codec.Key[K]()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		a, b := keys.Draw(t, "a"), keys.Draw(t, "b")
		x, y := k.Append([]byte("head"), a)[4:], k.Append(nil, b)
		require.Equal(t, compare(a, b), bytes.Compare(x, y), "%x %x", x, y)
		back, err := k.Decode(x)
		require.NoError(t, err)
		require.True(t, a == back, "%v is not %v", a, back)
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// texts has pairs of short strings of few characters, which are often prefixes of one another.
func texts() *rapid.Generator[codec.Pair[string, string]] {
	s := rapid.StringOfN(rapid.SampledFrom([]rune{0, 1, 'a', 0xff}), 0, 4, -1)
	return rapid.Custom(func(t *rapid.T) codec.Pair[string, string] {
		return codec.Pair[string, string]{s.Draw(t, "key"), s.Draw(t, "value")}
	})
}

func comparePairs(a, b codec.Pair[string, string]) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
}

func drawPlace(t *rapid.T) place {
	s := rapid.StringOfN(rapid.SampledFrom([]rune{0, 'a'}), 0, 2, -1)
	return place{
		Country: s.Draw(t, "country"), Zip: rapid.Int32Range(-2, 2).Draw(t, "zip"), Codes: [2]string{s.Draw(t, "0"), s.Draw(t, "1")},
		Height: rapid.Float32Range(-1, 1).Draw(t, "height"), Open: rapid.Bool().Draw(t, "open"),
		Since: time.Unix(rapid.Int64Range(-2, 2).Draw(t, "s"), rapid.Int64Range(0, 2).Draw(t, "ns")).UTC(),
	}
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Zip, b.Zip), cmp.Compare(a.Codes[0], b.Codes[0]), cmp.Compare(a.Codes[1], b.Codes[1]),
		cmp.Compare(a.Height, b.Height), cmp.Compare(btoi(a.Open), btoi(b.Open)), a.Since.Compare(b.Since))
}

// TestFormsOfKeysStay has the forms that states on disk have.
func TestFormsOfKeysStay(t *testing.T) {
	form(t, "a\x00b", "a\x00b")
	form(t, id(""), "")
	form(t, 1, "\x80\x00\x00\x00\x00\x00\x00\x01")
	form(t, int64(-1), "\x7f\xff\xff\xff\xff\xff\xff\xff")
	form(t, int16(-2), "\x7f\xfe")
	form(t, uint32(7), "\x00\x00\x00\x07")
	form(t, true, "\x01")
	form(t, 1.5, "\xbf\xf8\x00\x00\x00\x00\x00\x00")
	form(t, float32(-1.5), "\x40\x3f\xff\xff")
	form(t, time.Unix(1, 2), "\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02")
	form(t, codec.Pair[string, uint8]{"a\x00", 9}, "a\x00\xff\x00\x01\x09")
	form(t, [2]byte{1, 2}, "\x01\x02")
}

func form[K comparable](t *testing.T, k K, want string) {
	t.Helper()
	keys, err := codec.Key[K]()
	require.NoError(t, err)
	require.Equal(t, want, string(keys.Append(nil, k)))
}

func TestEqualNumbersAreOneKey(t *testing.T) {
	k, err := codec.Key[float64]()
	require.NoError(t, err)
	require.Equal(t, k.Append(nil, 0), k.Append(nil, math.Copysign(0, -1)))
	require.Equal(t, k.Append(nil, math.NaN()), k.Append(nil, math.Float64frombits(0xfff8_0000_0000_0001)))
}

func TestTypesThatCantBeKeys(t *testing.T) {
	noKey[*int](t, "a ptr can't be part of a key")
	noKey[any](t, "a interface can't be part of a key")
	noKey[struct{ A [2]struct{ B chan int } }](t, "A[].B: a chan can't be part of a key")
	noKey[struct{ a int }](t, "a: the field is part of a key and not exported")
}

func noKey[K comparable](t *testing.T, what string) {
	t.Helper()
	_, err := codec.Key[K]()
	require.ErrorContains(t, err, what)
}

func TestDamagedKeys(t *testing.T) {
	damaged[int](t, "1234567", "has 8 bytes, not 7")
	damaged[int32](t, "12345", "1 bytes follow the key")
	damaged[bool](t, "\x02", "0 or 1")
	damaged[codec.Pair[string, string]](t, "a\x00\x01b", "no end")
	damaged[codec.Pair[string, string]](t, "a\x00\x02", "a 00 before 0x2")
	damaged[time.Time](t, "12345678\xff\xff\xff\xff", "nanoseconds in its second")
}

func damaged[K comparable](t *testing.T, form, what string) {
	t.Helper()
	k, err := codec.Key[K]()
	require.NoError(t, err)
	_, err = k.Decode([]byte(form))
	require.ErrorContains(t, err, what)
	var corrupt *codec.CorruptError
	require.ErrorAs(t, err, &corrupt)
}

func TestKeysOfPeople(t *testing.T) {
	parsed(t, "a b", "a b")
	parsed(t, `"a"`, id(`"a"`))
	parsed(t, "-3", -3)
	parsed(t, "true", true)
	parsed(t, `{"key":"a","value":2}`, codec.Pair[string, int]{"a", 2})
	parsed(t, "2024-05-06T07:08:09Z", time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC))
	parsed(t, `"2024-05-06T07:08:09Z"`, time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC))
	for _, text := range []string{"x", "1.5", "1 2", ""} {
		_, err := codec.ParseKey[int](text)
		require.ErrorContains(t, err, "is no key of type int", text)
	}
	_, err := codec.ParseKey[codec.Pair[string, int]](`{"key":"a","price":2}`)
	require.ErrorContains(t, err, `unknown field "price"`)
}

func parsed[K comparable](t *testing.T, text string, want K) {
	t.Helper()
	k, err := codec.ParseKey[K](text)
	require.NoError(t, err)
	require.Equal(t, want, k)
}

func TestTextIsForPeople(t *testing.T) {
	require.Equal(t, `"<a>"`, codec.Text("<a>"))
	require.Equal(t, `{"key":"a","value":[1,2]}`, codec.Text(codec.Pair[string, []int]{"a", []int{1, 2}}))
	require.Equal(t, "NaN", codec.Text(math.NaN()))
}
