package trident_test

import (
	"context"
	"io"
	"strconv"
	"sync"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
)

// parted is a source of so many partitions, each with its number as its one record, which remembers the positions it was opened with.
type parted struct {
	partitions int
	mu         sync.Mutex
	seen       map[string]map[string]string // by partition
}

func (*parted) Kind() trident.Kind { return trident.Transactional }

func (p *parted) Partitions(context.Context) (names []string, _ error) {
	for i := range p.partitions {
		names = append(names, p.name(i))
	}
	return names, nil
}

func (p *parted) name(i int) string { return strconv.Itoa(i) + " of " + strconv.Itoa(p.partitions) }

func (*parted) Open(context.Context, string, []byte, func()) (trident.Reader[string], error) {
	panic("it is opened among others")
}

func (p *parted) OpenAmong(_ context.Context, partition string, positions map[string][]byte, ready func()) (trident.Reader[string], error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[partition] = map[string]string{}
	for name, position := range positions {
		p.seen[partition][name] = string(position)
	}
	ready()
	return partReader(partition), nil
}

type partReader string

func (r partReader) Read(records []string, _ int) ([]string, []byte, error) {
	return append(records, string(r)), []byte("after " + string(r)), io.EOF
}
func (partReader) Close() error { return nil }

// TestPositionsOfFormerPartitionsAreHanded has the second life of a topology read its source in other partitions, beside a source whose name begins as that one's.
func TestPositionsOfFormerPartitionsAreHanded(t *testing.T) {
	log := &kept{changelog.Memory()}
	for _, life := range []struct {
		partitions int
		want       map[string]string
	}{{1, map[string]string{}}, {2, map[string]string{"0 of 1": "after 0 of 1"}}} {
		source := &parted{partitions: life.partitions, seen: map[string]map[string]string{}}
		runToEnd(t, func(b *topology.Builder) {
			trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) { return log, nil }))
			commits(trident.NewStream[string](b, "in", source), "got")
			commits(trident.NewStream(b, "in.other", trident.Records([]string{"x"})), "got.others")
		})
		require.Len(t, source.seen, life.partitions)
		for i := range life.partitions {
			require.Equal(t, life.want, source.seen[source.name(i)])
		}
	}
}
