package cli

import (
	"strings"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// left has a topology end that counts words: no more of it is there than its state.
func left(t *testing.T, f *fake, name, words string) {
	t.Helper()
	b := topology.NewBuilder(name)
	trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) {
		return changelog.JetStream(t.Context(), f.nc, name, changelog.Options{})
	}))
	g := trident.GroupBy(trident.NewStream(b, "words", trident.Records(strings.Fields(words))), func(x string) string { return x })
	trident.PersistentAggregate(g, "counts", trident.Count[string]())
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Run(t.Context()))
	on(f, cluster.VerbReadState, func(cluster.ReadStateRequest) (any, error) { return cluster.ReadStateResponse{}, nil })
	on(f, cluster.VerbList, func(cluster.Empty) (any, error) { return cluster.ListResponse{}, nil })
	on(f, cluster.VerbDescribe, func(r cluster.NameRequest) (any, error) {
		return nil, cluster.Errorf(cluster.NotFound, "there is no topology %q", r.Name)
	})
}

func TestStateThatWasLeftIsListedAndRead(t *testing.T) {
	f := startFake(t)
	left(t, f, "yesterday", "a b a")
	for line, want := range map[string]string{
		"state get yesterday counts a":            "2\n",
		"state get yesterday counts b -o json":    `"value":1`,
		"state list -o json":                      `"running":false`,
		"state list yesterday":                    "yesterday  counts  map   2     ",
		"state list":                              "left        ",
		"complete-words -- state drop y":          "yesterday\n",
		"complete-words -- state get y":           "yesterday\n",
		"complete-words -- state get yesterday c": "counts\n",
		"complete-words -- state list y":          "yesterday\n",
	} {
		code, out, err := f.gale(t, strings.Fields(line)...)
		require.Zero(t, code, "%s: %s", line, err)
		require.Contains(t, strings.ReplaceAll(out, ": ", ":"), want, line)
	}
	for line, want := range map[string]string{
		"state get yesterday counts c": `the state "counts" of topology "yesterday" has no key "c"`,
		"state get yesterday count a":  "did you mean counts?",
		"state get yesterdy counts a":  "did you mean yesterday?",
		"state list yesterdy":          "did you mean yesterday?",
	} {
		code, out, err := f.gale(t, strings.Fields(line)...)
		require.Equal(t, exitNotFound, code, line)
		require.Empty(t, out)
		require.Contains(t, err, want, line)
	}
	js, err := jetstream.New(f.nc)
	require.NoError(t, err)
	require.NoError(t, changelog.Remove(t.Context(), js, "yesterday"))
	code, out, _ := f.gale(t, "state", "list", "-o", "json")
	require.Zero(t, code)
	require.Contains(t, strings.ReplaceAll(out, ": ", ":"), `"states":[]`)
}
