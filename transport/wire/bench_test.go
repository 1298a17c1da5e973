package wire

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/galestream/gale/topology"
)

var threeFields = []topology.Value{topology.StringValue("some data"), topology.IntValue(123456), topology.FloatValue(0.25)}

var benchTuples = []struct {
	name   string
	values []topology.Value
}{
	{"string", threeFields[:1]},
	{"string-int-float", threeFields},
	{"time", []topology.Value{topology.TimeValue(time.Unix(1700000000, 5).UTC())}},
	{"time-zoned", []topology.Value{topology.TimeValue(time.Unix(1700000000, 5).In(time.FixedZone("CET", 3600)))}},
	{"list", []topology.Value{topology.ListValue([]any{"a", int64(1), 2.5, nil})}},
	{"map", []topology.Value{topology.MapValue(map[string]any{"a": int64(1), "b": "two"})}},
	{"object", []topology.Value{topology.Of(order{ID: 7, Name: "x"})}},
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range benchTuples {
		b.Run(c.name, func(b *testing.B) {
			enc, buf := NewEncoder(), make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = enc.AppendValues(buf[:0], c.values)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range benchTuples {
		b.Run(c.name, func(b *testing.B) {
			src, err := NewEncoder().AppendValues(nil, c.values)
			require.NoError(b, err)
			dec, got := NewDecoder(), make([]topology.Value, 0, 8)
			b.ReportAllocs()
			for b.Loop() {
				got, _, _ = dec.Values(got[:0], src)
			}
		})
	}
}

// BenchmarkLibrary is the limit: the bare calls of the library for string-int-float.
func BenchmarkLibrary(b *testing.B) {
	b.Run("encode", func(b *testing.B) {
		w := &buffer{b: make([]byte, 0, 256)}
		enc := msgpack.NewEncoder(w)
		for b.Loop() {
			w.b = w.b[:0]
			_ = enc.EncodeArrayLen(3)
			_ = enc.EncodeString("some data")
			_ = enc.EncodeInt(123456)
			_ = enc.EncodeFloat64(0.25)
		}
	})
	b.Run("decode", func(b *testing.B) {
		src, err := NewEncoder().AppendValues(nil, threeFields)
		require.NoError(b, err)
		r := bytes.NewReader(src)
		dec := msgpack.NewDecoder(r)
		for b.Loop() {
			r.Reset(src)
			_, _ = dec.DecodeArrayLen()
			_, _ = dec.DecodeString()
			_, _ = dec.DecodeInt64()
			_, _ = dec.DecodeFloat64()
		}
	})
}

func TestEncodeTakesNoMemory(t *testing.T) {
	enc, buf := NewEncoder(), make([]byte, 0, 256)
	values := append([]topology.Value{
		{}, topology.BoolValue(true), topology.BytesValue([]byte("bytes")),
		topology.TimeValue(time.Unix(1700000000, 5).UTC()), topology.TimeValue(time.Unix(1700000000, 5)),
	}, threeFields...)
	allocs := testing.AllocsPerRun(100, func() {
		var err error
		if buf, err = enc.AppendValues(buf[:0], values); err != nil {
			panic(err)
		}
	})
	require.Zero(t, allocs)
}

func TestDecodeTakesMemoryForTheStringOnly(t *testing.T) {
	src, err := NewEncoder().AppendValues(nil, threeFields)
	require.NoError(t, err)
	dec, got := NewDecoder(), make([]topology.Value, 0, 3)
	allocs := testing.AllocsPerRun(100, func() {
		if got, _, err = dec.Values(got[:0], src); err != nil {
			panic(err)
		}
	})
	require.Equal(t, 1.0, allocs)
}
