package trident_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

// counted is a source that counts its open readers.
type counted struct {
	trident.Source[string]
	open *atomic.Int64
}

func (c counted) Open(ctx context.Context, partition string, after []byte, ready func()) (trident.Reader[string], error) {
	r, err := c.Source.Open(ctx, partition, after, ready)
	if err == nil {
		c.open.Add(1)
	}
	return countedReader{r, c.open}, err
}

type countedReader struct {
	trident.Reader[string]
	open *atomic.Int64
}

func (r countedReader) Close() error {
	r.open.Add(-1)
	return r.Reader.Close()
}

// TestReadersAreClosed closes what a source has opened, when an attempt fails and when the topology ends.
func TestReadersAreClosed(t *testing.T) {
	var open, failed atomic.Int64
	runToEnd(t, func(b *topology.Builder) {
		lines := trident.NewStream[string](b, "lines", counted{trident.Records([]string{"a", "b"}, []string{"c"}), &open})
		trident.PartitionPersist(trident.Map(lines, func(x string) string {
			if failed.Add(1) == 2 {
				panic("once")
			}
			return x
		}), "got", &collecting[string]{})
	})
	require.Greater(t, failed.Load(), int64(3), "an attempt has failed")
	require.Zero(t, open.Load())
}
