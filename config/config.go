package config

import (
	"reflect"
	"time"
)

// The values of [Topology].TimeoutMode.
const (
	SinceEmit     = "since-emit"
	SinceProgress = "since-progress"
)

// Config is all that can be configured. The tags of its fields, and of those of its
// sections, hold each key's name, default, range and doc, for people to read and for
// [Load] and [Config.Describe] to work from. The zero Config is not valid: begin with [Default].
type Config struct {
	Topology   Topology             `yaml:"topology" doc:"How a topology runs."`
	Components map[string]Component `yaml:"components,omitempty" doc:"What differs for single components, by their ids."`
	Log        Log                  `yaml:"log" doc:"What is logged, and how."`
}

// Topology is the section of how a topology runs.
type Topology struct {
	MessageTimeout    time.Duration     `yaml:"message-timeout" default:"30s" range:"1ms..24h" doc:"How long the tree of a root tuple may take before it fails."`
	TimeoutMode       string            `yaml:"timeout-mode" default:"since-emit" range:"since-emit|since-progress" doc:"What the message timeout counts from: the emit of the root, or the last ack in its tree."`
	MaxSpoutPending   int               `yaml:"max-spout-pending" default:"4096" range:"1..1048576" doc:"How many trees may be pending for each spout task."`
	InboxBatches      int               `yaml:"inbox-batches" default:"16" range:"1..4096" doc:"How many batches the inbox of a task holds; when it is full its emitters wait."`
	BatchSize         int               `yaml:"batch-size" default:"256" range:"1..4096" doc:"How many tuples a full batch has. Under light load batches are sent before they are full."`
	StopTimeout       time.Duration     `yaml:"stop-timeout" default:"10s" range:"0s..1h" doc:"How long an interrupted run drains before it ends at once."`
	StuckAfter        time.Duration     `yaml:"stuck-after" default:"10s" range:"0s..24h" doc:"A task that is inside one call of its spout or bolt for this long is reported; 0s never reports."`
	SerializeEveryHop bool              `yaml:"serialize-every-hop" default:"false" doc:"Encode and decode every tuple inside a worker too, to find in tests what could not travel between workers."`
	Workers           int               `yaml:"workers" default:"1" range:"1..1024" doc:"How many worker processes a cluster gives the topology; a local run is one process always."`
	WorkerMemory      int               `yaml:"worker-memory" default:"0" range:"0..16777216" doc:"MiB that each worker process may use in a cluster: it collects garbage harder from 90 % of that on, and is ended above it. 0 is no limit."`
	Isolate           int               `yaml:"isolate" default:"0" range:"0..1024" doc:"How many supervisors of a cluster run this topology and nothing else; 0 shares all."`
	Labels            map[string]string `yaml:"labels,omitempty" doc:"The labels that supervisors of a cluster must have to run this topology, such as {gpu: 'true'}."`
	Seed              uint64            `yaml:"seed" default:"0" doc:"Seeds all that is random in a run, such as shuffles and edge ids; 0 takes a random seed."`
}

// Component is the section of what differs for one component. A zero field leaves what
// the topology has.
type Component struct {
	Parallelism     int      `yaml:"parallelism,omitempty" range:"1..65536" doc:"How many tasks the component has, instead of what the program declares."`
	MaxSpoutPending int      `yaml:"max-spout-pending,omitempty" range:"1..1048576" doc:"Of a spout, instead of topology.max-spout-pending."`
	Settings        Settings `yaml:"settings,omitempty" doc:"The component's own settings, as the program declares them."`
}

// Settings are a component's own settings. A struct, or a pointer to one, that
// [Sources].Base holds here is overlaid: its fields are keys, named by their yaml tag or
// else in lower case with hyphens (MaxAge is max-age), and may have range and doc tags as
// those of Config have. [Load] then returns a changed copy of the same type; the struct in
// Base stays as it is. Fields may be of any kind that Config uses, of floats, lists, maps by string, nested
// structs, [Secret], and what implements encoding.TextUnmarshaler; others can't be set.
//
// Where Base holds nothing they are read as a map[string]any, without checks.
type Settings any

// Log is the section of what is logged.
type Log struct {
	Level  string `yaml:"level" default:"info" range:"debug|info|warn|error" doc:"The least severe messages that are logged."`
	Format string `yaml:"format" default:"console" range:"console|json" doc:"Lines for people to read, or one JSON object a line."`
}

// Default returns the configuration in which nothing was configured. It is valid.
func Default() Config {
	var c Config
	each(reflect.ValueOf(&c).Elem(), field{typ: configType}, "", func(l leaf) {
		if l.field.fallback == "" {
			return
		}
		if err := parse(l.value, l.field.fallback); err != nil {
			panic("config: the default of " + l.key + " doesn't parse: " + err.Error())
		}
	})
	return c
}

// Validate returns an [*Error] that lists every value that is out of its range, nil when
// there is none. It is for a Config that was made in code; [Load] returns only valid ones.
func (c Config) Validate() error {
	var p problems
	c.check("", &p)
	return p.err()
}

func (c Config) check(place string, p *problems) {
	each(reflect.ValueOf(&c).Elem(), field{typ: configType}, "", func(l leaf) {
		unset := l.field.fallback == "" && l.value.IsZero()
		if !unset && !l.field.bounds.admit(l.value) {
			p.add(place, "%s is %v, must be %s", l.key, l.value.Interface(), l.field.expects())
		}
	})
}

var configType = reflect.TypeFor[Config]()
