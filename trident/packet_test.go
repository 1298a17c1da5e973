package trident

import (
	"bytes"
	"testing"

	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
)

// FuzzPacket decodes what comes from other workers: what decodes is encoded alike.
func FuzzPacket(f *testing.F) {
	whole, err := (&packet{kind: packetEnd, group: 1, edge: 2, ended: true, chunks: 3, attempt: 4, txid: 5, from: 6, last: 7, commit: 8, time: -9, data: raw("abc")}).MarshalBinary()
	require.NoError(f, err)
	f.Add(whole)
	f.Add(whole[:packetHeader])
	f.Add(whole[:packetHeader-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p := packet{kind: packetBegin, data: raw("of before")}
		if p.UnmarshalBinary(b) != nil {
			return
		}
		again, err := p.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, again)
		if p.data != nil {
			_, _ = positionsOf(p.data) // which must not panic
		}
	})
}

// FuzzSinkRecord decodes what stands in the log: what decodes is of one form.
func FuzzSinkRecord(f *testing.F) {
	c, err := codec.For[string]()
	require.NoError(f, err)
	records, err := encodeSinkRecords(c, sinkHeader{sink: "sink", partition: 3, txid: 300, done: 299}, []string{"a", "", "long enough"})
	require.NoError(f, err)
	f.Add(records[0])
	f.Add(records[0][:9])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, xs, err := decodeSinkRecords(c, "sink", b)
		if err != nil || h == nil || len(xs) == 0 {
			return
		}
		again, err := encodeSinkRecords(c, *h, xs)
		require.NoError(t, err)
		got, ys, err := decodeSinkRecords(c, "sink", again[0])
		require.NoError(t, err)
		require.Equal(t, h, got)
		require.Equal(t, xs, ys)
	})
}
