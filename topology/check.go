package topology

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/xrash/smetrics"
)

// Problem is one thing that is wrong with a declaration.
type Problem struct {
	Component string // whom it concerns; empty for the topology itself
	Text      string
}

// BuildError lists everything that is wrong with a declaration.
type BuildError struct {
	Topology string
	Problems []Problem // of the topology itself, in the order of the components' declaration, and of what extensions name
}

// Error lists the problems, one a line.
func (e *BuildError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "topology %q: %d problem", e.Topology, len(e.Problems))
	if len(e.Problems) > 1 {
		b.WriteByte('s')
	}
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		if p.Component != "" {
			fmt.Fprintf(&b, "%s: ", p.Component)
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

func (b *Builder) problem(c *Component, format string, args ...any) {
	p := Problem{Text: fmt.Sprintf(format, args...)}
	if c != nil {
		p.Component = c.ID
	}
	b.problems = append(b.problems, p)
}

// Build checks the declaration and returns the topology, or a [*BuildError] that lists
// every problem. The builder may be changed and built again.
func (b *Builder) Build() (*Topology, error) {
	b.complete()
	declared := len(b.problems)
	b.checkTopology()
	for _, c := range b.topology.Components {
		b.checkComponent(c)
	}
	b.checkCycles()
	b.checkReach()
	problems := b.inOrder(slices.Clone(b.problems))
	b.problems = b.problems[:declared]
	if len(problems) > 0 {
		return nil, &BuildError{Topology: b.topology.Name, Problems: problems}
	}
	return b.built(), nil
}

// inOrder sorts the problems, which were found in several passes, by the declaration
// of their components, and leaves out what was found twice.
func (b *Builder) inOrder(problems []Problem) []Problem {
	order := map[string]int{"": -1}
	for i, c := range b.topology.Components {
		if _, known := order[c.ID]; !known {
			order[c.ID] = i
		}
	}
	for _, p := range problems {
		if _, known := order[p.Component]; !known {
			order[p.Component] = len(order) + len(b.topology.Components)
		}
	}
	slices.SortStableFunc(problems, func(x, y Problem) int { return cmp.Compare(order[x.Component], order[y.Component]) })
	return slices.Compact(problems)
}

// built returns a copy that later calls of the builder don't change.
func (b *Builder) built() *Topology {
	t := b.topology
	t.Components = nil
	for _, c := range b.topology.Components {
		d := *c
		d.Streams, d.Inputs = slices.Clone(c.Streams), slices.Clone(c.Inputs)
		t.Components = append(t.Components, &d)
	}
	slices.SortFunc(t.Components, func(x, y *Component) int { return cmp.Compare(x.ID, y.ID) })
	return &t
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// CheckName returns an error when the name is not of the form that topologies,
// components and streams must have.
func CheckName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fmt.Errorf("the name %q must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}", cut(name, 140))
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// What a RootID has room for; see package acker.
const (
	maxPending = 1 << 20
	maxTasks   = 1<<16 - 1
)

func (b *Builder) checkTopology() {
	t := &b.topology
	if err := CheckName(t.Name); err != nil {
		b.problem(nil, "%v", err)
	}
	if !slices.ContainsFunc(t.Components, (*Component).IsSpout) {
		b.problem(nil, "there is no spout: nothing would ever be emitted")
	}
	if t.Options.MessageTimeout < 0 {
		b.problem(nil, "the message timeout %v is negative", t.Options.MessageTimeout)
	}
	if t.Options.TimeoutMode > SinceProgress {
		b.problem(nil, "there is no timeout mode %d", t.Options.TimeoutMode)
	}
	b.checkPending(nil, t.Options.MaxSpoutPending)
}

func (b *Builder) checkPending(c *Component, n int) {
	if n < 0 || n > maxPending {
		b.problem(c, "at most %d trees can be pending, not %d", maxPending, n)
	}
}

func (b *Builder) checkComponent(c *Component) {
	if err := CheckName(c.ID); err != nil {
		b.problem(c, "%v", err)
	}
	first := slices.IndexFunc(b.topology.Components, func(o *Component) bool { return o.ID == c.ID })
	if b.topology.Components[first] != c {
		b.problem(c, "the id is used twice")
	}
	if c.Parallelism < 1 {
		b.problem(c, "the parallelism is %d, but must be at least 1", c.Parallelism)
	} else if c.Parallelism > maxTasks {
		b.problem(c, "the parallelism is %d, but must be at most %d", c.Parallelism, maxTasks)
	}
	b.checkStreams(c)
	b.checkOptions(c)
	for i := range c.Inputs {
		b.checkInput(c, i)
	}
	b.checkOptionalMethods(c)
}

func (b *Builder) checkStreams(c *Component) {
	seen := map[string]bool{}
	for _, s := range c.Streams {
		if seen[s.Name] {
			b.problem(c, "stream %q is declared twice%s", s.Name, reservedHint(s.Name))
		}
		seen[s.Name] = true
		if err := CheckName(s.Name); err != nil {
			b.problem(c, "stream: %v", err)
		}
		b.checkFields(c, s)
	}
}

func reservedHint(stream string) string {
	if stream == DeadLetterStream {
		return "; the name is reserved for what a retry policy gives up, which declares it"
	}
	return ""
}

func (b *Builder) checkFields(c *Component, s *Stream) {
	if s.Name == DeadLetterStream && !slices.Equal(s.Fields, DeadLetterFields) {
		b.problem(c, "the stream name %q is reserved for what a retry policy gives up", s.Name)
	}
	if len(s.Fields) > 255 {
		b.problem(c, "stream %q has %d fields; a tuple has at most 255", s.Name, len(s.Fields))
	}
	for i, f := range s.Fields {
		if f == "" {
			b.problem(c, "stream %q: field %d has no name", s.Name, i)
		}
		if slices.Index(s.Fields, f) != i {
			b.problem(c, "stream %q has the field %q twice", s.Name, f)
		}
	}
}

func (b *Builder) checkOptions(c *Component) {
	b.checkPending(c, c.MaxPending)
	if c.MemoryLoad < 0 || c.CPULoad < 0 {
		b.problem(c, "needs %d MiB and %d %% of a core: neither can be below 0", c.MemoryLoad, c.CPULoad)
	}
	if c.Tick != 0 && c.Tick < time.Millisecond {
		b.problem(c, "ticks every %v: the interval must be at least 1ms", c.Tick)
	}
	if c.ManualAck && c.Retry != nil {
		b.problem(c, "a bolt with manual acking can't have a retry policy: it settles its tuples itself")
	}
	if c.NewBolt != nil && len(c.Inputs) == 0 {
		b.problem(c, "the bolt subscribes to no stream")
	}
}

func (b *Builder) component(id string) *Component { return b.topology.Component(id) }

// idsBut returns the ids that a bolt may subscribe to: all but its own.
func (b *Builder) idsBut(own string) []string {
	var ids []string
	for _, c := range b.topology.Components {
		if c.ID != own {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// didYouMean returns a hint at the known name that is nearest to the given one,
// or nothing when none is near.
func didYouMean(name string, known []string) string {
	best, score := "", 0.75
	for _, k := range known {
		if s := smetrics.JaroWinkler(strings.ToLower(name), strings.ToLower(k), 0.7, 4); s > score {
			best, score = k, s
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}
