package process

import (
	"encoding/json"
	"os"
	"runtime"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/config"
	"github.com/galestream/gale/topology"
)

// Describe writes the definition of a topology, as configured, to a new file, as JSON.
func Describe(t *topology.Topology, c config.Config, file string) error {
	text, err := json.Marshal(define(t, c))
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func define(t *topology.Topology, c config.Config) cluster.Definition {
	d := cluster.Definition{
		Protocol: cluster.Protocol, Gale: cluster.Version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Name: t.Name, Workers: c.Topology.Workers, Memory: c.Topology.WorkerMemory, Isolate: c.Topology.Isolate,
		Labels: c.Topology.Labels, Timeout: c.Topology.MessageTimeout,
	}
	for _, component := range t.Components {
		d.Components = append(d.Components, defineComponent(component, c.Components[component.ID]))
	}
	return d
}

func defineComponent(c *topology.Component, o config.Component) cluster.Component {
	d := cluster.Component{ID: c.ID, Spout: c.IsSpout(), Parallelism: c.Parallelism, Memory: c.MemoryLoad, CPU: c.CPULoad}
	if o.Parallelism > 0 {
		d.Parallelism = o.Parallelism
	}
	for _, in := range c.Inputs {
		d.Inputs = append(d.Inputs, cluster.Input{Component: in.Component, Stream: in.Stream, Grouping: in.Kind.String(), Fields: in.Fields})
	}
	for _, s := range c.Streams {
		d.Streams = append(d.Streams, cluster.Stream{Name: s.Name, Fields: s.Fields})
	}
	return d
}
