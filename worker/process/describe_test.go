package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/config"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// A definition says what the builder was told, where the configuration says nothing else.
func TestDescribe(t *testing.T) {
	b := topology.NewBuilder("orders")
	b.Spout("in", func() topology.Spout { return newFeed() }).Emits("id", "sum").EmitsOn("late", "id").MemoryLoad(64)
	b.Bolt("totals", func() topology.Bolt { return newSink(nil) }).Parallelism(3).Emits("total").Fields("in", "id").All("in:late").CPULoad(50)
	topo, err := b.Build()
	require.NoError(t, err)
	c := config.Default()
	c.Topology.Workers, c.Topology.WorkerMemory, c.Topology.Isolate = 4, 512, 2
	c.Topology.Labels = map[string]string{"gpu": "true"}
	c.Topology.MessageTimeout = time.Minute
	c.Components = map[string]config.Component{"in": {Parallelism: 2}, "totals": {}}

	file := filepath.Join(t.TempDir(), "definition")
	require.NoError(t, Describe(topo, c, file))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var d cluster.Definition
	require.NoError(t, json.Unmarshal(text, &d))
	require.Equal(t, cluster.Definition{
		Protocol: cluster.Protocol, Gale: cluster.Version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Name: "orders", Workers: 4, Memory: 512, Isolate: 2, Labels: map[string]string{"gpu": "true"}, Timeout: time.Minute,
		Components: []cluster.Component{
			{ID: "in", Spout: true, Parallelism: 2, Memory: 64, Streams: []cluster.Stream{{Name: "default", Fields: []string{"id", "sum"}}, {Name: "late", Fields: []string{"id"}}}},
			{ID: "totals", Parallelism: 3, CPU: 50, Streams: []cluster.Stream{{Name: "default", Fields: []string{"total"}}}, Inputs: []cluster.Input{
				{Component: "in", Stream: "default", Grouping: "fields", Fields: []string{"id"}}, {Component: "in", Stream: "late", Grouping: "all"},
			}},
		},
	}, d)
	request := cluster.SubmitRequest{Definition: d, Program: cluster.Program{Digest: strings.Repeat("0", 64), Size: 1}}
	require.NoError(t, request.Validate(), "what is described is what Nimbus takes")
}

func TestReadSpec(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	spec, err := ReadSpec(write("good", `{"protocol":1,"worker":"W1","life":3}`))
	require.NoError(t, err)
	require.Equal(t, cluster.WorkerSpec{Protocol: 1, Worker: "W1", Life: 3}, spec)
	for want, file := range map[string]string{
		"protocol 99": write("other", `{"protocol":99}`),
		"bad":         write("bad", "{"),
		"none":        filepath.Join(dir, "none"),
	} {
		_, err := ReadSpec(file)
		require.ErrorContains(t, err, want)
	}
}
