package changelog

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzDecodeRecord(f *testing.F) {
	f.Add(encodeRecord(Staged, 7, []byte("payload")))
	f.Add(encodeRecord(Fence, 0, nil))
	f.Add([]byte{})
	f.Add(make([]byte, headLength+sumLength))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(9, b)
		if err != nil {
			return
		}
		attempt := r.Attempt
		if r.Kind == Fence {
			require.EqualValues(t, 9, attempt)
			return // what is stored as its attempt is not looked at
		}
		require.True(t, bytes.Equal(b, encodeRecord(r.Kind, attempt, r.Payload)))
	})
}

func FuzzDecodeHead(f *testing.F) {
	f.Add(head{extent{1, 2}, 3, 4}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := decodeHead(b); err == nil {
			require.Equal(t, b, h.encode())
		}
	})
}

func TestEveryBitOfARecordCounts(t *testing.T) {
	whole := encodeRecord(Commit, 77, []byte("some payload"))
	for i := range len(whole) * 8 {
		b := bytes.Clone(whole)
		b[i/8] ^= 1 << (i % 8)
		_, err := decodeRecord(1, b)
		require.Error(t, err, "bit %d", i)
	}
	for n := range whole {
		_, err := decodeRecord(1, whole[:n])
		require.Error(t, err, "cut off at %d", n)
	}
}
