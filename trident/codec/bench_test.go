package codec_test

import (
	"fmt"
	"testing"

	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
)

func BenchmarkChunk(b *testing.B) {
	words := make([]string, 1000)
	pairs := make([]codec.Pair[string, int64], 1000)
	users := make([]user, 1000)
	for i := range words {
		words[i] = fmt.Sprintf("word %d", i)
		pairs[i] = codec.Pair[string, int64]{words[i], int64(i * i)}
		users[i] = user{Name: words[i], Age: i}
	}
	chunk(b, "string", words)
	chunk(b, "Pair", pairs)
	chunk(b, "struct", users)
}

func chunk[T any](b *testing.B, name string, xs []T) {
	c, err := codec.For[T]()
	require.NoError(b, err)
	bytes, err := codec.AppendSlice(c, nil, xs)
	require.NoError(b, err)
	b.Run(name+"/encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bytes, _ = codec.AppendSlice(c, bytes[:0], xs)
		}
		perElement(b, len(xs))
	})
	b.Run(name+"/decode", func(b *testing.B) {
		b.ReportAllocs()
		var ys []T
		for b.Loop() {
			ys, _, _ = codec.DecodeSlice(c, ys[:0], bytes)
		}
		perElement(b, len(xs))
	})
}

func perElement(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/element")
}
