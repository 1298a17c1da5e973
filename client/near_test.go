package client

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNamesThatAreNearAreSuggested(t *testing.T) {
	many := []string{}
	for i := range 12 {
		many = append(many, fmt.Sprintf("state-%02d", i))
	}
	for _, c := range []struct {
		name string
		all  []string
		want string
	}{
		{"count", []string{"counts", "totals"}, "did you mean counts?"},
		{"Counts", []string{"counts", "count"}, "did you mean counts, count?"},
		{"conuts", []string{"counts", "totals"}, "did you mean counts?"},
		{"x", []string{"counts", "totals"}, "there are counts, totals"},
		{"xyz", []string{"counts"}, "there is counts"},
		{"x", nil, "there is no state at all"},
		{"x", many, "there are state-00, state-01, state-02, state-03, state-04, state-05, state-06, state-07, state-08, state-09 and 2 more"},
	} {
		require.Equal(t, c.want, near(c.name, c.all, "state"))
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	word := rapid.StringMatching(`[ab]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		require.Equal(t, a == b, distance(a, b) == 0)
		require.Equal(t, distance(a, b), distance(b, a))
		require.LessOrEqual(t, distance(a, c), distance(a, b)+distance(b, c))
		require.LessOrEqual(t, distance(a, b), max(len(a), len(b)))
		require.Equal(t, 1, distance(a, a+"c"))
		require.Equal(t, 1, distance(a+"c"+b, a+"d"+b))
	})
}
