package state

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What decodes is encoded to what decodes alike; nothing panics, and nothing is allocated for what is not there.
func FuzzDelta(f *testing.F) {
	p := newRig(f, 1, Options{}).partitions[0]
	require.NoError(f, p.Begin(1, 1, 5))
	require.NoError(f, p.Put("dog", []byte("1")))
	require.NoError(f, p.Put("cat", nil))
	require.NoError(f, p.Delete("cow"))
	f.Add(p.Staged()[0])
	f.Fuzz(func(t *testing.T, payload []byte) {
		d, err := decodeDelta(payload)
		if err != nil {
			return
		}
		again, err := decodeDelta(d.append(nil))
		require.NoError(t, err)
		require.Equal(t, d, again)
		read := 0
		_ = eachChange(d.body, string(d.body), func(key string, value []byte) bool {
			read += len(key) + len(value)
			return true
		})
		require.LessOrEqual(t, read, len(d.body))
	})
}

func FuzzImage(f *testing.F) {
	i := image{"counts", span{16, 32}, 7, 3, 5, true, appendChange(nil, "dog", []byte("12345678x"))}
	b := i.append(nil)
	f.Add(b[:len(b)-8])
	f.Add(birth{7, 9}.encode()[:10])
	f.Fuzz(func(t *testing.T, data []byte) {
		data = sealed(data[:len(data):len(data)]) // no fuzzer finds a checksum
		if b, err := decodeBirth(data); err == nil {
			again, err := decodeBirth(b.encode())
			require.NoError(t, err)
			require.Equal(t, b, again)
		}
		if i, err := decodeImage(data); err == nil {
			again, err := decodeImage(i.append(nil))
			require.NoError(t, err)
			require.Equal(t, i, again)
		}
	})
}

func FuzzHead(f *testing.F) {
	h := head{identity, Point{1, 2, 3, 4}, tally{5, 6, 7}}
	b := h.append(nil)
	f.Add(b[:len(b)-8])
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := decodeHead(sealed(data[:len(data):len(data)]))
		if err != nil {
			return
		}
		again, err := decodeHead(h.append(nil))
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}

func FuzzSnapshotName(f *testing.F) {
	f.Add("counts/0112-0127.b")
	f.Fuzz(func(t *testing.T, name string) {
		if groups, slot, ok := parseSnapshotName("counts", name); ok {
			require.Equal(t, name, snapshotName("counts", groups, slot))
			require.Less(t, groups.low, groups.high)
		}
	})
}
