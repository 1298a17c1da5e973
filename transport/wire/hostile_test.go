package wire

import (
	"bytes"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func TestCorrupt(t *testing.T) {
	dec := NewDecoder()
	for hex, want := range map[string]string{
		"":                                      reasonTruncated,
		"c1":                                    reasonReserved,
		"91 c1":                                 reasonReserved,
		"cf 8000000000000000":                   "9223372036854775808 is above the largest int64",
		"91 cf ffffffffffffffff":                "above the largest int64",
		"81 01 01":                              "the key of a map is not a string",
		"81 c40161 01":                          "the key of a map is not a string",
		"82 a161 01 a161 02":                    "the key of a map is there twice",
		"d4 05 00":                              "no extension of type 5",
		"91 d4 05 00":                           "no extension of type 5",
		"d4 ff 00":                              "a timestamp has 4, 8 or 12 bytes, not 1",
		"d7 ff ffffffff00000000":                "1073741823 nanoseconds in its second",
		"c7 0c ff 3b9aca00" + repeated("00", 8): "1000000000 nanoseconds in its second",
		"d7 01 0000000000000000":                "at least 16 bytes, not 8",
		"d8 02 0000000000000000 3b9aca00 00000000": "1000000000 nanoseconds",
		repeated("91", 65):                         "nested deeper than 64",
		repeated("81a0", 65):                       "nested deeper than 64",
		repeated("91", 1<<20):                      "nested deeper than 64",
		"a3 6162":                                  "states a length of 3 and 2 bytes are left",
	} {
		src := unhex(t, hex)
		v, rest, err := dec.Value(src)
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, hex)
		require.ErrorContains(t, err, want, hex)
		require.Equal(t, src, rest)
		require.Equal(t, topology.KindNil, v.Kind())
	}
	requireWorks(t, NewEncoder(), dec)
}

func TestTupleThatIsNone(t *testing.T) {
	_, _, err := NewDecoder().Values(nil, []byte{0xc0})
	require.ErrorContains(t, err, "a tuple begins with the number of its values")
	_, _, err = NewDecoder().Values(nil, []byte{0x92, 0xc0, 0xc1})
	require.ErrorContains(t, err, "value 1: corrupt value at byte 2")
}

func TestNesting(t *testing.T) {
	list, mapping := any([]any{}), any(map[string]any{})
	for range maxNesting - 1 {
		list, mapping = []any{list}, map[string]any{"": mapping}
	}
	enc := NewEncoder()
	want := []topology.Value{topology.ListValue(list.([]any)), topology.MapValue(mapping.(map[string]any))}
	b, err := enc.AppendValues(nil, want)
	require.NoError(t, err)
	got, _, err := NewDecoder().Values(nil, b)
	require.NoError(t, err)
	requireSameValues(t, want, got)

	for _, v := range []topology.Value{topology.ListValue([]any{list}), topology.MapValue(map[string]any{"": mapping})} {
		_, err = enc.AppendValue(nil, v)
		var typeError *topology.TypeError
		require.ErrorAs(t, err, &typeError)
		require.ErrorContains(t, err, "nested deeper than 64")
	}
}

func TestLengthAbove32Bits(t *testing.T) {
	require.NoError(t, checkLength("string", math.MaxUint32))
	require.ErrorContains(t, checkLength("string", math.MaxUint32+1), "its length 4294967296 is above 4294967295")
}

// allocated returns how many bytes f allocates. Nothing else may run meanwhile.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// claims are a few bytes that claim gigabytes.
var claims = []string{
	"91 db ffffffff 61616161",
	"91 c6 ffffffff 61616161",
	"91 dd ffffffff c0c0c0c0",
	"91 df ffffffff a0c0a0c0",
	"91 c9 ffffffff 03 a161",
	"91 c9 ffffffff ff 0000",
	"91 91 dd ffffffff c0c0",
	"91 81 a0 df ffffffff a0",
	"91 91 c6 ffffffff 6161",
	"dd ffffffff c0c0c0c0c0",
	"df ffffffff c0c0c0c0c0",
	// the same within the body of an object
	"91 c7 10 03 a56f72646572 81 a3416e79 dd ffffffff",
	"91 c7 10 03 a56f72646572 81 a3416e79 df ffffffff",
	"91 c7 11 03 a56f72646572 81 a454616773 dd ffffffff",
	"91 c7 10 03 a56f72646572 81 a3526177 c6 ffffffff",
	// a time where the field is a map, with a map's length for its seconds and nanoseconds
	"91 c7 17 03 a56f72646572 81 a54174747273 d7ff df ffffffff 000000",
}

func TestClaimsTakeNoMemory(t *testing.T) {
	dec := NewDecoder()
	requireWorks(t, NewEncoder(), dec) // makes what is made once
	for _, hex := range claims {
		src := unhex(t, hex)
		var err error
		bytes := allocated(func() { _, _, err = dec.Values(nil, src) })
		require.Error(t, err, hex)
		require.Less(t, bytes, uint64(64<<10), hex)
	}
}

// What takes the most memory by the byte, in lists of 64 KiB.
func TestMemoryIsInProportion(t *testing.T) {
	dec := NewDecoder()
	for name, hex := range map[string]string{
		"nil":        "c0 c0",
		"int":        "cd0100 cd0100",
		"empty list": "90 90",
		"empty map":  "80 80",
		"map":        "81a0c0 81a0c0",
		"bytes":      "c400 c400",
		"time":       "d6ff00000001 d6ff00000001",
		"zones":      "d801" + repeated("00", 16) + "d801" + repeated("00", 15) + "01",
	} {
		two := unhex(t, hex)
		n := 1 << 16 / len(two)
		src := append([]byte{0x91, 0xdc, byte(2 * n >> 8), byte(2 * n)}, bytes.Repeat(two, n)...)
		if 2*n > math.MaxUint16 {
			src = append([]byte{0x91, 0xdd, 0, 1, 0, 0}, bytes.Repeat(two, n)...)
		}
		var err error
		total := allocated(func() { _, _, err = dec.Values(nil, src) })
		require.NoError(t, err, name)
		require.Less(t, total, uint64(130*len(src)), name)
		t.Logf("%s: %d bytes a byte", name, total/uint64(len(src)))
	}
}
