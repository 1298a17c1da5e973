package topology

import (
	"slices"
	"time"
)

// Topology is a checked, immutable declaration, made by [Builder.Build]. Its fields and
// those of its components must not be changed.
type Topology struct {
	Name       string
	Components []*Component // in the order of their ids
	Options    Options
}

// Options are the settings of a topology as its author declares them. A zero field means
// that the author says nothing: the configuration decides.
type Options struct {
	MessageTimeout  time.Duration // how long a tree may take before it fails
	TimeoutMode     TimeoutMode
	MaxSpoutPending int // trees that may be pending for each spout task
	Workers         int // processes that a cluster gives the topology
}

// TimeoutMode says what the message timeout is counted from.
type TimeoutMode uint8

// The timeout modes. The zero mode leaves it to the configuration, whose default is SinceEmit.
const (
	DefaultTimeoutMode TimeoutMode = iota
	SinceEmit                      // from the emit of the root
	SinceProgress                  // from the last ack in the tree: slow trees that live are not replayed
)

// Component is a spout or a bolt of a topology.
type Component struct {
	ID          string
	Parallelism int // how many tasks it has
	Streams     []*Stream
	Inputs      []Subscription // empty for spouts
	Settings    any            // what its author's code reads with Settings
	MaxPending  int            // of a spout: overrides Options.MaxSpoutPending; 0 leaves it
	MemoryLoad  int            // MiB that one task is said to need, for a cluster's scheduler; 0: nothing is said
	CPULoad     int            // percent of a core that one task is said to need; 0: nothing is said
	ManualAck   bool           // of a bolt
	Tick        time.Duration  // of a bolt: the interval of its ticks, 0 for none
	Retry       *Retry         // of a bolt, with its defaults; nil for none
	Middleware  []Middleware   // of a bolt
	NewSpout    func() Spout   // nil for bolts
	NewBolt     func() Bolt    // nil for spouts
	reads       *StructFields
}

// IsSpout reports whether the component is a spout.
func (c *Component) IsSpout() bool { return c.NewSpout != nil }

// Stream returns the stream of the name, nil when c has none.
func (c *Component) Stream(name string) *Stream {
	for _, s := range c.Streams {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Component returns the component of the id, nil when there is none.
func (t *Topology) Component(id string) *Component {
	i := slices.IndexFunc(t.Components, func(c *Component) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return t.Components[i]
}

// Nearest returns a hint at the component whose id is nearest to the given one, such as
// `, did you mean "count"?`, or nothing when none is near. It is for error messages.
func (t *Topology) Nearest(id string) string {
	var ids []string
	for _, c := range t.Components {
		ids = append(ids, c.ID)
	}
	return didYouMean(id, ids)
}

// Tasks returns the tasks of the component of the id in ascending order. Task ids are given
// out from 1 in the order of the components.
func (t *Topology) Tasks(id string) []TaskID {
	first := TaskID(1)
	for _, c := range t.Components {
		if c.ID != id {
			first += TaskID(c.Parallelism)
			continue
		}
		tasks := make([]TaskID, c.Parallelism)
		for i := range tasks {
			tasks[i] = first + TaskID(i)
		}
		return tasks
	}
	return nil
}

// Upstream returns the components in an order in which each comes after all that it
// receives from.
func (t *Topology) Upstream() []*Component {
	var order []*Component
	done := map[string]bool{}
	var visit func(c *Component)
	visit = func(c *Component) {
		if done[c.ID] {
			return
		}
		done[c.ID] = true
		for _, in := range c.Inputs {
			visit(t.Component(in.Component))
		}
		order = append(order, c)
	}
	for _, c := range t.Components {
		visit(c)
	}
	return order
}
