package gale_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"strings"
	"testing"

	"github.com/galestream/gale"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

// capitals is a topology that answers the query capital.
func capitals(t *testing.T, load func(context.Context) (iter.Seq2[string, string], error)) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder("capitals")
	table := trident.StaticTable(b, "capitals", load).Parallelism(2)
	asked := trident.FlatMap(trident.NewQuery(b, "capital"), strings.FieldsSeq)
	trident.Answer(trident.StateQuery(asked, table, func(c string) string { return c }, func(country, capital string, found bool) string {
		if country == "Atlantis" {
			panic("sunk")
		}
		return capital
	}))
	topo, err := b.Build()
	require.NoError(t, err)
	return topo
}

func known(context.Context) (iter.Seq2[string, string], error) {
	return maps.All(map[string]string{"Peru": "Lima", "Norway": "Oslo"}), nil
}

func TestAskAnswersEachQuestion(t *testing.T) {
	answers, err := gale.Ask(t.Context(), capitals(t, known), "capital", "Peru", "", "Norway")
	require.NoError(t, err)
	require.Equal(t, []string{`["Lima"]`, `[]`, `["Oslo"]`}, answers)
	answers, err = gale.Ask(t.Context(), capitals(t, known), "capital")
	require.NoError(t, err)
	require.Empty(t, answers)
}

func TestAskSaysWhatIsWrong(t *testing.T) {
	_, err := gale.Ask(t.Context(), capitals(t, known), "capitol", "Peru")
	require.ErrorContains(t, err, `topology "capitals" answers no query "capitol"`)
	answers, err := gale.Ask(t.Context(), capitals(t, known), "capital", "Peru", "Atlantis", "Norway")
	require.ErrorContains(t, err, "sunk")
	require.Equal(t, []string{`["Lima"]`}, answers)
	_, err = gale.Ask(t.Context(), capitals(t, func(context.Context) (iter.Seq2[string, string], error) {
		return nil, errors.New("the atlas is lost")
	}), "capital", "Peru")
	require.ErrorContains(t, err, "the atlas is lost")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = gale.Ask(ctx, capitals(t, known), "capital", "Peru")
	require.ErrorIs(t, err, context.Canceled)
}
