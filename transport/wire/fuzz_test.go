package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

// FuzzDecode checks that no input makes a Decoder panic, and that what it decodes
// is encoded to something that decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, g := range goldens {
		if src := unhex(f, "91"+g.hex); len(src) < 512 {
			f.Add(src)
		}
	}
	for _, hex := range claims {
		f.Add(unhex(f, hex))
	}
	b, err := NewEncoder().AppendValues(nil, []topology.Value{topology.Of(order{Attrs: map[string]any{"a": int8(1)}, Next: &order{}, Any: []any{"x", nil}})})
	require.NoError(f, err)
	f.Add(b)
	enc, dec := NewEncoder(), NewDecoder()
	f.Fuzz(func(t *testing.T, src []byte) {
		values, rest, err := dec.Values(nil, src)
		if err != nil {
			require.Empty(t, values)
			require.Equal(t, src, rest)
			return
		}
		again, err := enc.AppendValues(nil, values)
		require.NoError(t, err)
		got, rest, err := dec.Values(nil, again)
		require.NoError(t, err)
		require.Empty(t, rest)
		requireSameValues(t, values, got)
	})
}
