package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func TestUnregisteredType(t *testing.T) {
	enc := NewEncoder()
	for _, v := range []topology.Value{
		topology.Of(stranger{}),
		topology.ListValue([]any{stranger{}}),
		topology.MapValue(map[string]any{"k": stranger{}}),
	} {
		b, err := enc.AppendValues([]byte("frame"), []topology.Value{{}, v})
		var typeError *topology.TypeError
		require.ErrorAs(t, err, &typeError)
		require.Equal(t, "wire.stranger", typeError.Type)
		require.ErrorContains(t, err, "value 1: ")
		require.ErrorContains(t, err, "topology.Register[wire.stranger]")
		require.Equal(t, "frame", string(b))
	}
	requireWorks(t, enc, NewDecoder())
}

// requireWorks checks that errors left nothing behind.
func requireWorks(t *testing.T, enc *Encoder, dec *Decoder) {
	want := append([]topology.Value{topology.Of(order{Name: "n", Tags: []string{"a"}})}, threeFields...)
	b, err := enc.AppendValues(nil, want)
	require.NoError(t, err)
	got, rest, err := dec.Values(nil, b)
	require.NoError(t, err)
	require.Empty(t, rest)
	requireSameValues(t, want, got)
}

func TestObjectsThatCannotTravel(t *testing.T) {
	loop := &order{Name: "loop"}
	loop.Next = loop
	list := []any{nil}
	list[0] = list
	deep := any(nil)
	for range maxNesting {
		deep = []any{deep}
	}
	enc := NewEncoder()
	for _, c := range []struct {
		x    any
		want string
	}{
		{loop, "type *wire.order can't be emitted: its encoding would be refused: lists and maps are nested deeper than 64"},
		{order{Any: list}, "nested deeper than 64"},
		{order{Any: deep}, "nested deeper than 64"},
		{order{Any: make(chan int)}, "unsupported chan int"},
		{greedy{}, "its own encoding has bytes after its value"},
	} {
		b, err := enc.AppendValue([]byte("frame"), topology.Of(c.x))
		require.ErrorContains(t, err, c.want)
		require.Equal(t, "frame", string(b))
	}
	requireWorks(t, enc, NewDecoder())
}

func TestObjectAsDeepAsAllowed(t *testing.T) {
	deep := any(nil)
	for range maxNesting - 1 {
		deep = []any{deep}
	}
	want := []topology.Value{topology.Of(order{Any: deep})}
	b, err := NewEncoder().AppendValues(nil, want)
	require.NoError(t, err)
	got, _, err := NewDecoder().Values(nil, b)
	require.NoError(t, err)
	requireSameValues(t, want, got)
}

// objectOf returns an object of the name and body in the form of the extension with one
// byte of length.
func objectOf(name string, body []byte) []byte {
	content := append(append([]byte{0xa0 | byte(len(name))}, name...), body...)
	return append([]byte{0xc7, byte(len(content)), byte(extObject)}, content...)
}

func TestObjectsThatDoNotDecode(t *testing.T) {
	dec := NewDecoder()
	for _, c := range []struct{ name, body, want string }{
		{"nobody", "c0", `no type is registered by the name "nobody"`},
		{"cents", "", reasonTruncated},
		{"cents", "05 05", "bytes follow the body"},
		{"cents", "c1", reasonReserved},
		{"cents", "a161", `object "cents" of type wire.cents at byte 9: msgpack: invalid code`},
		{"touchy", "01", "panicked: don't touch me"},
		{"refusing", "01", "not today"},
		{"order", "81 a24174 c0", "panicked"},
		{"order", "81 a34f6464 05", `unknown field "Odd"`},
		{"order", "81 a3416e79 d40500", "can't hold a msgpack extension (type 5)"},
	} {
		src := objectOf(c.name, unhex(t, c.body))
		_, rest, err := dec.Value(src)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, src, rest)
		requireWorks(t, NewEncoder(), dec)
	}
}

func TestObjectWithoutItsName(t *testing.T) {
	for hex, want := range map[string]string{
		"c7 00 03":                 reasonTruncated,
		"d4 03 05":                 "an object begins with its name",
		"c7 03 03 a563656e7473 05": reasonTruncated, // the name is longer than the object
	} {
		_, _, err := NewDecoder().Value(unhex(t, hex))
		require.ErrorContains(t, err, want)
	}
}

// The library's decoder has memory that would stay: of what was to be recorded when an
// error came, and of the longest string.
func TestLibraryDecoderIsNotKept(t *testing.T) {
	dec := NewDecoder()
	_, _, err := dec.Value(objectOf("cents", []byte{5}))
	require.NoError(t, err)
	require.NotNil(t, dec.body.dec)
	_, _, err = dec.Value(objectOf("refusing", []byte{5}))
	require.ErrorIs(t, err, errRefused)
	require.Nil(t, dec.body.dec)

	long, err := NewEncoder().AppendValue(nil, topology.Of(order{Raw: make([]byte, keepBody)}))
	require.NoError(t, err)
	_, _, err = dec.Value(long)
	require.NoError(t, err)
	require.Nil(t, dec.body.dec)
}
