package codec_test

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type (
	base   struct{ ID, Rank int32 }
	Base   base
	sealed struct{ Deep []string }
	order  struct {
		Base
		*Inner
		Name   string  `json:"name"`
		Short  string  `msgpack:"s" json:",omitempty"`
		Amount float64 `json:"amount,string"`
		Left   int8    `msgpack:"-"`
		Secret string  `json:"-"`
		Small  float32
		Lines  []struct {
			SKU [3]byte
			At  *uint16
		}
		Tags  map[string][]int
		Any   map[int8]any
		hid   int `msgpack:"-"`
		Since *time.Duration
	}
	Inner  struct{ Inside bool }
	loud   float64
	zeroed int
)

func (loud) MarshalJSON() ([]byte, error) { return []byte(`"!"`), nil }
func (z zeroed) IsZero() bool             { return z == 7 }

// shows wants values of a type to look alike whether the type is known or only its form.
func shows[T any](t *testing.T, form string, values *rapid.Generator[T]) {
	t.Helper()
	c, err := codec.For[T]()
	require.NoError(t, err)
	text, err := codec.FormOf[T]()
	require.NoError(t, err)
	require.Equal(t, form, text)
	f, err := codec.ParseForm(text)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		b, err := c.Append(nil, values.Draw(t, "value"))
		require.NoError(t, err)
		x, _, err := c.Decode(b)
		require.NoError(t, err)
		shown, err := f.Show(b)
		require.NoError(t, err)
		if want := codec.Text(x); json.Valid([]byte(want)) { // other words than JSON's may be a type's own
			require.Equal(t, want, shown)
		} else {
			require.False(t, json.Valid([]byte(shown)), shown)
		}
		_, err = f.Show(b[:len(b)-1])
		_, _, err2 := c.Decode(b[:len(b)-1])
		require.Equal(t, err2 == nil, err == nil)
		_, err = f.Show(append(b, 0))
		require.Error(t, err)
	})
}

// made generates values of a type by what it consists of.
func made[T any](t *testing.T, form string) {
	t.Helper()
	shows(t, form, rapid.Make[T]())
}

func TestAValueLooksAlikeByItsFormAlone(t *testing.T) {
	made[bool](t, "bool")
	made[int](t, "int")
	made[int8](t, "int8")
	made[count](t, "int16")
	made[int32](t, "int32")
	made[time.Duration](t, "int64")
	made[uint](t, "uint")
	made[uint8](t, "uint8")
	made[uint16](t, "uint16")
	made[uint32](t, "uint32")
	made[uint64](t, "uint64")
	made[float32](t, "float32")
	made[float64](t, "float64")
	made[id](t, "string")
	made[[]byte](t, "bytes")
	made[flags](t, "list[int16]")
	made[[]id](t, "list[string]")
	made[[]bool](t, "list[bool]")
	made[[]float32](t, "list[float32]")
	made[[][]byte](t, "list[bytes]")
	made[[][]string](t, "packed[[][]string]")
	made[codec.Pair[string, int64]](t, "pair[string, int64]")
	made[[]codec.Pair[id, codec.Pair[bool, []float64]]](t, "list[pair[string, pair[bool, list[float64]]]]")
	made[codec.Pair[int, map[string]float32]](t, "pair[int, packed[map[string]float32]]")
	made[[4]int8](t, "packed[[4]int8]")
	made[map[count][]id](t, "packed[map[int16][]string]")
	made[*int](t, "packed[*int]")
	made[generic[generic[[]uint8]]](t, "packed[struct{X struct{X []uint8}}]")
	shows(t, "time", times())
	shows(t, "list[time]", rapid.SliceOf(times()))
	shows(t, "packed[struct{At time}]", rapid.Map(times(), func(x time.Time) struct{ At time.Time } { return struct{ At time.Time }{x} }))
	shows(t, "packed[any]", rapid.SampledFrom([]any{nil, 1, "a", -1.5, []any{true, map[string]any{"b": int64(math.MaxInt64)}}, []byte("c")}))
}

func times() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(rapid.Int64Range(-1<<35, 1<<37).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns"))
		return at.In(time.FixedZone("", 3600*rapid.IntRange(-12, 12).Draw(t, "zone")))
	})
}

func TestAStructLooksAlikeByItsFormAlone(t *testing.T) {
	d := time.Minute
	at := uint16(9)
	orders := rapid.Custom(func(t *rapid.T) (o order) {
		o.Base, o.Name, o.Short = rapid.Make[Base]().Draw(t, "base"), rapid.String().Draw(t, "name"), rapid.String().Draw(t, "short")
		o.Amount, o.Small = rapid.Float64().Draw(t, "amount"), rapid.Float32().Draw(t, "small")
		o.Left, o.Secret, o.hid, o.Tags = 1, "s", 2, rapid.Make[map[string][]int]().Draw(t, "tags")
		o.Any = map[int8]any{1: "x", -1: []any{1.5}}
		if rapid.Bool().Draw(t, "more") {
			o.Inner, o.Since = &Inner{true}, &d
			o.Lines = append(o.Lines, struct {
				SKU [3]byte
				At  *uint16
			}{[3]byte{1}, &at})
		}
		return o
	})
	shows(t, `packed[struct{Base struct{ID int32; Rank int32} "embedded:\"true\""; Inner *struct{Inside bool} "embedded:\"true\""; Name string "json:\"name\""; `+
		`Short string "msgpack:\"s\" json:\",omitempty\""; Amount float64 "json:\"amount,string\""; Left int8 "msgpack:\"-\""; Secret string "json:\"-\""; Small float32; `+
		`Lines []struct{SKU [3]uint8; At *uint16}; Tags map[string][]int; Any map[int8]any; Since *int64}]`, orders)
}

func TestTypesThatOnlyTheirProgramReads(t *testing.T) {
	refused := func(_ string, err error) string {
		t.Helper()
		refusal := new(codec.TypeError)
		require.ErrorAs(t, err, &refusal)
		return err.Error()
	}
	require.Contains(t, refused(codec.FormOf[user]()), "Next: codec_test.user holds itself")
	require.Contains(t, refused(codec.FormOf[netip.Addr]()), "an encoding of its own")
	require.Contains(t, refused(codec.FormOf[codec.Pair[string, []netip.Addr]]()), "an encoding of its own")
	require.Contains(t, refused(codec.FormOf[loud]()), "an encoding of its own")
	require.Contains(t, refused(codec.FormOf[[]loud]()), "an encoding of its own")
	require.Contains(t, refused(codec.FormOf[map[string]json.Number]()), "[]: json.Number has")
	require.Contains(t, refused(codec.FormOf[struct{ sealed }]()), "its type's name is not exported")
	require.Contains(t, refused(codec.FormOf[struct {
		Z zeroed `json:",omitzero"`
	}]()), "omitzero")
	require.Contains(t, refused(codec.FormOf[func()]()), "func")
	require.Contains(t, refused(codec.KeyFormOf[netip.Addr]()), "")
	require.Contains(t, refused(codec.KeyFormOf[loud]()), "an encoding of its own")
	require.Contains(t, refused(codec.KeyFormOf[*int]()), "can't be part of a key")
}

// encodes wants keys to be encoded alike whether the type is known or only its form.
func encodes[K comparable](t *testing.T, form string, texts ...string) {
	t.Helper()
	text, err := codec.KeyFormOf[K]()
	require.NoError(t, err)
	require.Equal(t, form, text)
	f, err := codec.ParseKeyForm(text)
	require.NoError(t, err)
	keys, err := codec.Key[K]()
	require.NoError(t, err)
	for _, text := range append(texts, "", "x", "-1", "{", `"`, "300", "1 2", "null") {
		k, wrong := codec.ParseKey[K](text)
		b, err := f.Encode(text)
		if wrong != nil {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, string(keys.Append(nil, k)), string(b), text)
	}
}

func TestAKeyIsEncodedAlikeByItsFormAlone(t *testing.T) {
	encodes[string](t, "string", "a", "\x00")
	encodes[id](t, "string", "a")
	encodes[bool](t, "bool", "true", "false")
	encodes[int](t, "int", "0", "17", "9223372036854775807")
	encodes[int8](t, "int8", "127", "128")
	encodes[count](t, "int16", "5")
	encodes[int32](t, "int32", "5")
	encodes[int64](t, "int64", "-9223372036854775808")
	encodes[uint](t, "uint", "5")
	encodes[uint8](t, "uint8", "255")
	encodes[uint16](t, "uint16", "5")
	encodes[uint32](t, "uint32", "5")
	encodes[uint64](t, "uint64", "18446744073709551615")
	encodes[float32](t, "float32", "1.5", "-0", "1e39")
	encodes[float64](t, "float64", "1.5", "-0")
	encodes[time.Time](t, "time", "2020-01-02T03:04:05+01:00", `"2020-01-02T03:04:05.5Z"`)
	encodes[[2]string](t, "[2]string", `["a","b"]`)
	encodes[struct {
		K string
		V int8
	}](t, "struct{K string; V int8}", `{"K":"a","V":1}`, `{"Other":1}`)
	encodes[place](t, "struct{Country string; Zip int32; Codes [2]string; Height float32; Open bool; Since time}", `{"Country":"a","Zip":1,"Codes":["x","y"],"Height":1.5,"Open":true,"Since":"2020-01-02T03:04:05Z"}`)
	encodes[struct {
		Base
		B string `json:"b" msgpack:"-"`
		C int    `json:"-"`
	}](t, `struct{Base struct{ID int32; Rank int32} "embedded:\"true\""; B string "msgpack:\"-\" json:\"b\""; C int "json:\"-\""}`, `{"b":"x","ID":3}`, `{"B":"x"}`)
}

// hostileForms are no forms, or of types that no value fits in.
func hostileForms() []string {
	return []string{
		"", "x", "list", "list[", "list[int, int]", "pair[int]", "pair[int, int, int]", "packed", "packed[x]", "packed[list[int]]", "list[any]", "f()", "packed[[]]", "packed[map[[]int]int]",
		"packed[struct{a int}]", "packed[struct{A int; A int}]", "packed[struct{int}]", "packed[[1]]", "packed[[x]int]", "packed[[-1]int]", "packed[[99999999999999999999]int]",
		"packed[[1048577]int8]", "packed[[1024][1024][2]struct{}]", "packed[interface{ A() }]", "packed[chan int]", "packed[func()]", `packed[struct{A int "x"; B int ` + "`y`" + `; a int}]`,
		"packed[struct{A, B int}]", `packed[struct{A int "embedded:\"true\""; B [1<<20]int}]`, strings.Repeat("list[", 70) + "int" + strings.Repeat("]", 70), "packed[" + strings.Repeat("[]", 70) + "int]", strings.Repeat(" ", 1<<16) + "int",
	}
}

func TestWhatIsNoFormIsRefused(t *testing.T) {
	for _, text := range hostileForms() {
		_, err := codec.ParseForm(text)
		require.Error(t, err, text)
		_, err = codec.ParseKeyForm(text)
		require.Error(t, err, text)
	}
	for _, text := range []string{"any", "[]int", "map[int]int", "*int", "struct{A []int}", "struct{A any}"} {
		_, err := codec.ParseKeyForm(text)
		require.Error(t, err, text)
	}
}

func FuzzForm(f *testing.F) {
	for _, text := range append(hostileForms(), "int", "list[pair[string, time]]", `packed[struct{A map[string]any "json:\"a\""; B *[2]uint8 "embedded:\"true\""}]`) {
		f.Add(text, []byte("\x02a\x04"))
	}
	f.Fuzz(func(_ *testing.T, text string, value []byte) {
		if form, err := codec.ParseForm(text); err == nil {
			_, _ = form.Show(value)
		}
		if form, err := codec.ParseKeyForm(text); err == nil {
			_, _ = form.Encode(string(value))
		}
	})
}
