package state

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func TestAPartitionOwnsWhatOwnerSays(t *testing.T) {
	for partitions := 1; partitions <= Groups; partitions += 1 + partitions/10 {
		for g := range Groups {
			owner := Owner(g, partitions)
			require.Equal(t, topology.KeyTask(g, partitions), owner)
			require.True(t, owned(owner, partitions).has(g))
		}
		last := 0
		for i := range partitions {
			s := owned(i, partitions)
			require.Equal(t, last, s.low)
			last = s.high
		}
		require.Equal(t, Groups, last)
	}
}

// What is stored depends on it: it must never change.
func TestTheGroupOfAKeyIsForEver(t *testing.T) {
	for key, group := range map[string]int{"": 957, "dog": 102, "a much longer key than the others are": 618} {
		require.Equal(t, group, Group(key), key)
		require.Equal(t, group, Group([]byte(key)), key)
	}
}
