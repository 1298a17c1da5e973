package topology

import (
	"slices"
	"time"
)

// Builder declares a topology. Its methods and those of the declarers it returns never
// fail: [Builder.Build] reports what is wrong. It is not safe for concurrent use.
type Builder struct {
	topology   Topology
	problems   []Problem
	extensions []extension
}

// NewBuilder returns a builder of a topology of the name, which must match
// [A-Za-z0-9][A-Za-z0-9._-]{0,127}, as all names must.
func NewBuilder(name string) *Builder {
	return &Builder{topology: Topology{Name: name}}
}

// MessageTimeout sets how long a tree may take before it fails. 0 leaves it to the
// configuration, whose default is 30 s.
func (b *Builder) MessageTimeout(d time.Duration) *Builder {
	b.topology.Options.MessageTimeout = d
	return b
}

// TimeoutMode sets what the message timeout is counted from.
func (b *Builder) TimeoutMode(m TimeoutMode) *Builder {
	b.topology.Options.TimeoutMode = m
	return b
}

// MaxSpoutPending sets how many trees may be pending for each spout task, at most
// 1048576. 0 leaves it to the configuration.
func (b *Builder) MaxSpoutPending(n int) *Builder {
	b.topology.Options.MaxSpoutPending = n
	return b
}

// Workers sets how many processes a cluster gives the topology, at most 1024. 0 leaves it to the configuration,
// whose default is 1. A local run is one process always.
func (b *Builder) Workers(n int) *Builder {
	b.topology.Options.Workers = n
	return b
}

// Spout declares a spout. Each task gets an instance of its own from the factory.
func (b *Builder) Spout(id string, factory func() Spout) *SpoutDeclarer {
	c := b.add(id)
	c.NewSpout = factory
	if factory == nil {
		b.problem(c, "the spout has no factory")
		c.NewSpout = func() Spout { return nil }
	}
	d := &SpoutDeclarer{}
	d.Declarer = Declarer[*SpoutDeclarer]{b: b, c: c, self: d}
	return d
}

// Bolt declares a bolt. Each task gets an instance of its own from the factory.
func (b *Builder) Bolt(id string, factory func() Bolt) *BoltDeclarer {
	c := b.add(id)
	c.NewBolt = factory
	if factory == nil {
		b.problem(c, "the bolt has no factory")
	}
	d := &BoltDeclarer{}
	d.Declarer = Declarer[*BoltDeclarer]{b: b, c: c, self: d}
	return d
}

func (b *Builder) add(id string) *Component {
	c := &Component{ID: id, Parallelism: 1}
	b.topology.Components = append(b.topology.Components, c)
	return c
}

// Declarer is what spouts and bolts declare alike. D is the declarer itself, so that
// calls can be chained.
type Declarer[D any] struct {
	b    *Builder
	c    *Component
	self D
}

// Emits declares the default stream with the names of its values.
func (d *Declarer[D]) Emits(fields ...string) D { return d.EmitsOn(DefaultStream, fields...) }

// EmitsOn declares a named stream with the names of its values.
func (d *Declarer[D]) EmitsOn(stream string, fields ...string) D {
	return d.emits(&Stream{Name: stream, Fields: slices.Clone(fields)})
}

// EmitsDirect declares a stream whose emits name the task that receives them.
func (d *Declarer[D]) EmitsDirect(stream string, fields ...string) D {
	return d.emits(&Stream{Name: stream, Fields: slices.Clone(fields), Direct: true})
}

// EmitsStruct declares the default stream with the fields of a struct type.
func (d *Declarer[D]) EmitsStruct(fields StructFields) D {
	return d.EmitsStructOn(DefaultStream, fields)
}

// EmitsStructOn declares a named stream with the fields of a struct type.
func (d *Declarer[D]) EmitsStructOn(stream string, fields StructFields) D {
	for _, p := range fields.problems {
		d.b.problem(d.c, "stream %q: %s", stream, p)
	}
	return d.emits(&Stream{Name: stream, Fields: fields.Names(), kinds: fields.kinds()})
}

func (d *Declarer[D]) emits(s *Stream) D {
	s.Component = d.c.ID
	d.c.Streams = append(d.c.Streams, s)
	return d.self
}

// Parallelism sets how many tasks the component has; 1 unless it is said.
func (d *Declarer[D]) Parallelism(tasks int) D {
	d.c.Parallelism = tasks
	return d.self
}

// MemoryLoad says how many MiB one task needs. It is a hint for a cluster's scheduler, which gives no supervisor
// more than it has; nobody checks it. At least 0, which says nothing.
func (d *Declarer[D]) MemoryLoad(mebibytes int) D {
	d.c.MemoryLoad = mebibytes
	return d.self
}

// CPULoad says how much of a core one task needs, in percent: 100 is one core. It is a hint, as that of MemoryLoad.
func (d *Declarer[D]) CPULoad(percent int) D {
	d.c.CPULoad = percent
	return d.self
}

// Settings gives the component's code its settings, a struct that it reads with the function
// [Settings]. The configuration file may override fields of it.
func (d *Declarer[D]) Settings(settings any) D {
	d.c.Settings = settings
	return d.self
}

// SpoutDeclarer declares a spout.
type SpoutDeclarer struct{ Declarer[*SpoutDeclarer] }

// MaxPending sets how many trees may be pending for each task of this spout, at
// most 1048576.
func (d *SpoutDeclarer) MaxPending(n int) *SpoutDeclarer {
	d.c.MaxPending = n
	return d
}

// Replay keeps every tuple that the spout emits until its tree is complete, and emits it
// again when it fails, as the policy says. It is for sources that can't: pipes, sockets.
// What the policy gives up goes to the dead letters and is then acked. The
// spout's own Ack is called as ever, its Fail never. It costs an allocation and a copy
// of the values for every tuple, and what is kept is lost with the process.
func (d *SpoutDeclarer) Replay(policy Retry) *SpoutDeclarer {
	if p := policy.problem(); p != "" {
		d.b.problem(d.c, "%s", p)
	}
	d.c.NewSpout = replaying(d.c.NewSpout, policy.WithDefaults())
	d.deadLetters()
	return d
}

func (d *Declarer[D]) deadLetters() {
	d.emits(&Stream{Name: DeadLetterStream, Fields: DeadLetterFields})
}

// BoltDeclarer declares a bolt. Where its methods ask for a source, that is the id of a
// component, for its default stream, or what [From] and [DeadLetters] return.
type BoltDeclarer struct{ Declarer[*BoltDeclarer] }

// Shuffle gives each task an equal share of the tuples, in turns.
func (d *BoltDeclarer) Shuffle(from string) *BoltDeclarer { return d.input(from, Shuffle, nil) }

// Fields gives all tuples that are equal in the fields to the same task. See [KeyGroup].
func (d *BoltDeclarer) Fields(from string, fields ...string) *BoltDeclarer {
	return d.input(from, Fields, fields)
}

// PartialKey gives the tuples that are equal in the fields to the same two tasks, and
// each to the one of them that was sent less: for skewed keys, whose results a
// second bolt then brings together.
func (d *BoltDeclarer) PartialKey(from string, fields ...string) *BoltDeclarer {
	return d.input(from, PartialKey, fields)
}

// LocalOrShuffle is Shuffle among the tasks of the emitter's own worker, where
// there are any.
func (d *BoltDeclarer) LocalOrShuffle(from string) *BoltDeclarer {
	return d.input(from, LocalOrShuffle, nil)
}

// All gives every task a copy of each tuple.
func (d *BoltDeclarer) All(from string) *BoltDeclarer { return d.input(from, All, nil) }

// Global gives all tuples to the task with the lowest id.
func (d *BoltDeclarer) Global(from string) *BoltDeclarer { return d.input(from, Global, nil) }

// None says that it doesn't matter how the tuples are shared out. Today it is Shuffle.
func (d *BoltDeclarer) None(from string) *BoltDeclarer { return d.input(from, None, nil) }

// Direct leaves the choice to the emitter, who names the task with each emit. The stream
// must be declared with EmitsDirect.
func (d *BoltDeclarer) Direct(from string) *BoltDeclarer { return d.input(from, Direct, nil) }

// Custom leaves the choice to a [Chooser], of which each emitting task gets its own.
func (d *BoltDeclarer) Custom(from string, chooser func() Chooser) *BoltDeclarer {
	d.input(from, Custom, nil)
	d.c.Inputs[len(d.c.Inputs)-1].Chooser = chooser
	return d
}

func (d *BoltDeclarer) input(from string, kind GroupingKind, fields []string) *BoltDeclarer {
	s := Subscription{Kind: kind, Fields: slices.Clone(fields)}
	s.Component, s.Stream = splitSource(from)
	d.c.Inputs = append(d.c.Inputs, s)
	return d
}

// Reads declares that the bolt reads the tuples of all its streams as the struct
// type ([As]), so that Build finds what doesn't fit.
func (d *BoltDeclarer) Reads(fields StructFields) *BoltDeclarer {
	for _, p := range fields.problems {
		d.b.problem(d.c, "%s", p)
	}
	d.c.reads = &fields
	return d
}

// ManualAck makes the bolt ack and fail its tuples itself, with [Collector.Ack] and
// [Collector.Fail], and hold them as long as it likes: joins, windows, batched writers.
func (d *BoltDeclarer) ManualAck() *BoltDeclarer {
	d.c.ManualAck = true
	return d
}

// Tick has the bolt ticked at the interval, at least a millisecond. A tick overtakes
// the tuples that wait for the bolt. Ticks that the bolt is too late for are not made
// up for.
func (d *BoltDeclarer) Tick(every time.Duration) *BoltDeclarer {
	d.c.Tick = every
	return d
}

// Retry tries tuples that fail (Execute returned an error or panicked) again as the
// policy says, without troubling the spout, and sends what it gives up to the dead
// letters. What Execute emitted before it failed is not taken back. It can't be
// combined with ManualAck.
func (d *BoltDeclarer) Retry(policy Retry) *BoltDeclarer {
	if p := policy.problem(); p != "" {
		d.b.problem(d.c, "%s", p)
	}
	policy = policy.WithDefaults()
	d.c.Retry = &policy
	d.deadLetters()
	return d
}

// Use wraps the bolt's Execute in middleware; the first is the outermost.
func (d *BoltDeclarer) Use(middleware ...Middleware) *BoltDeclarer {
	d.c.Middleware = append(d.c.Middleware, middleware...)
	return d
}
