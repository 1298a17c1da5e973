package wire

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

type golden struct {
	name  string
	value any
	hex   string
}

func repeated(hex string, n int) string { return strings.Repeat(hex, n) }

var goldens = []golden{
	{"nil", nil, "c0"},
	{"false", false, "c2"},
	{"true", true, "c3"},
	{"int 0", 0, "00"},
	{"int fix", 127, "7f"},
	{"int 8 bits", 128, "cc 80"},
	{"int 16 bits", 256, "cd 0100"},
	{"int 32 bits", 1 << 16, "ce 00010000"},
	{"int 64 bits", 1 << 32, "cf 0000000100000000"},
	{"int largest", math.MaxInt64, "cf 7fffffffffffffff"},
	{"int -1", -1, "ff"},
	{"int negative fix", -32, "e0"},
	{"int negative 8 bits", -33, "d0 df"},
	{"int negative 16 bits", -129, "d1 ff7f"},
	{"int negative 32 bits", math.MinInt16 - 1, "d2 ffff7fff"},
	{"int smallest", math.MinInt64, "d3 8000000000000000"},
	{"float 0", 0.0, "cb 0000000000000000"},
	{"float -0", math.Copysign(0, -1), "cb 8000000000000000"},
	{"float 1", 1.0, "cb 3ff0000000000000"},
	{"float inf", math.Inf(1), "cb 7ff0000000000000"},
	{"float nan with payload", math.Float64frombits(0x7ff8000000000123), "cb 7ff8000000000123"},
	{"string empty", "", "a0"},
	{"string", "abc", "a3 616263"},
	{"string not UTF-8", "\xff\xc0", "a2 ffc0"},
	{"string 8 bits", strings.Repeat("a", 32), "d9 20" + repeated("61", 32)},
	{"string 16 bits", strings.Repeat("a", 256), "da 0100" + repeated("61", 256)},
	{"string 32 bits", strings.Repeat("a", 1<<16), "db 00010000" + repeated("61", 1<<16)},
	{"bytes nil", []byte(nil), "c4 00"},
	{"bytes", []byte("abc"), "c4 03 616263"},
	{"bytes 16 bits", make([]byte, 256), "c5 0100" + repeated("00", 256)},
	{"bytes 32 bits", make([]byte, 1<<16), "c6 00010000" + repeated("00", 1<<16)},
	{"list empty", []any{}, "90"},
	{"list", []any{nil, int64(1), "a", []byte{2}, []any{1.0}}, "95 c0 01 a161 c40102 91 cb3ff0000000000000"},
	{"list 16 bits", make([]any, 16), "dc 0010" + repeated("c0", 16)},
	{"list 32 bits", make([]any, 1<<16), "dd 00010000" + repeated("c0", 1<<16)},
	{"map empty", map[string]any{}, "80"},
	{"map", map[string]any{"k": map[string]any{"": true}}, "81 a16b 81 a0 c3"},
	{"time 32 bits", time.Unix(1, 0).UTC(), "d6 ff 00000001"},
	{"time 64 bits", time.Unix(1, 2).UTC(), "d7 ff 0000000800000001"},
	{"time zero", time.Time{}, "c7 0c ff 00000000 fffffff1886e0900"},
	{"time year 2600", time.Date(2600, 1, 1, 0, 0, 0, 1, time.UTC), "c7 0c ff 00000001 00000004a0fe7280"},
	{"time of a zone", time.Unix(1, 2).In(time.FixedZone("CET", 3600)), "c7 13 01 0000000000000001 00000002 00000e10 434554"},
	{"time west without name", time.Unix(-1, 0).In(time.FixedZone("", -60)), "d8 01 ffffffffffffffff 00000000 ffffffc4"},
	{"object", cents(5), "c9 0000000f 03 a563656e7473 d3 0000000000000005"},
	{"object in a list", []any{topology.Of(cents(5))}, "91 c9 0000000f 03 a563656e7473 d3 0000000000000005"},
	{"object pointer", (*order)(nil), "c9 00000008 03 a62a6f72646572 c0"},
	{"object with its own encoding", sealed{"x"}, "c9 0000000a 03 a67365616c6564 c40178"},
}

func TestGolden(t *testing.T) {
	enc, dec := NewEncoder(), NewDecoder()
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			want, v := unhex(t, g.hex), topology.Of(g.value)
			b, err := enc.AppendValue(nil, v)
			require.NoError(t, err)
			require.Equal(t, want, b)
			got, rest, err := dec.Value(append(b, 0xc1))
			require.NoError(t, err)
			require.Equal(t, []byte{0xc1}, rest)
			requireSameValues(t, []topology.Value{v}, []topology.Value{got})
		})
	}
}

func TestGoldenLocalTime(t *testing.T) {
	setLocal(t, time.FixedZone("CET", 3600))
	b, err := NewEncoder().AppendValue(nil, topology.Of(time.Unix(1, 2)))
	require.NoError(t, err)
	require.Equal(t, unhex(t, "c7 13 02 0000000000000001 00000002 00000e10 434554"), b)
}

func TestGoldenTuple(t *testing.T) {
	enc, dec := NewEncoder(), NewDecoder()
	for want, n := range map[string]int{"90": 0, "93" + repeated("c0", 3): 3, "dc0010" + repeated("c0", 16): 16} {
		b, err := enc.AppendValues([]byte{0xaa}, make([]topology.Value, n))
		require.NoError(t, err)
		require.Equal(t, unhex(t, "aa"+want), b)
		got, rest, err := dec.Values(threeFields[:1:1], b[1:])
		require.NoError(t, err)
		require.Empty(t, rest)
		requireSameValues(t, append(threeFields[:1:1], make([]topology.Value, n)...), got)
	}
}

func TestOtherForms(t *testing.T) {
	for hex, want := range map[string]any{
		"cc 05":                    5,
		"cd 0005":                  5,
		"ce 00000005":              5,
		"cf 0000000000000005":      5,
		"d0 05":                    5,
		"d1 0005":                  5,
		"d2 fffffffb":              -5,
		"d3 0000000000000005":      5,
		"ca 3f800000":              1.0,
		"d9 01 61":                 "a",
		"da 0001 61":               "a",
		"db 00000001 61":           "a",
		"c6 00000001 61":           []byte("a"),
		"dc 0001 05":               []any{5},
		"dd 00000001 05":           []any{5},
		"de 0001 a161 05":          map[string]any{"a": 5},
		"df 00000001 d90161 05":    map[string]any{"a": 5},
		"c7 04 ff 00000001":        time.Unix(1, 0).UTC(),
		"c9 00000004 ff00000001":   time.Unix(1, 0).UTC(),
		"c7 07 03 a563656e7473 05": cents(5),
	} {
		got, rest, err := NewDecoder().Value(unhex(t, hex))
		require.NoError(t, err, hex)
		require.Empty(t, rest, hex)
		requireSameValues(t, []topology.Value{topology.Of(want)}, []topology.Value{got})
	}
}
