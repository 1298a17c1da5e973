package topology

import (
	"fmt"
	"strings"
)

func (b *Builder) checkInput(c *Component, i int) {
	in := &c.Inputs[i]
	for _, other := range c.Inputs[:i] {
		if other.Component == in.Component && other.Stream == in.Stream {
			b.problem(c, "subscribes twice to stream %q of %q", in.Stream, in.Component)
		}
	}
	from := b.component(in.Component)
	if from == nil {
		b.problem(c, "subscribes to the unknown component %q%s", in.Component, didYouMean(in.Component, b.idsBut(c.ID)))
		return
	}
	s := from.Stream(in.Stream)
	if s == nil {
		b.unknownStream(c, in, from)
		return
	}
	b.checkGrouping(c, in, s)
	b.checkReads(c, s)
}

func (b *Builder) unknownStream(c *Component, in *Subscription, from *Component) {
	var names []string
	for _, s := range from.Streams {
		names = append(names, s.Name)
	}
	hint := didYouMean(in.Stream, names)
	if in.Stream == DeadLetterStream {
		hint = "; it has no retry policy"
	} else if len(names) == 0 {
		hint = "; it declares none (Emits)"
	} else if hint == "" {
		hint = fmt.Sprintf("; it has [%s]", strings.Join(names, " "))
	}
	b.problem(c, "subscribes to the unknown stream %q of %q%s", in.Stream, in.Component, hint)
}

func (b *Builder) checkGrouping(c *Component, in *Subscription, s *Stream) {
	if s.Direct != (in.Kind == Direct) {
		b.problem(c, "stream %q of %q is declared direct: %v, but grouped by %s", in.Stream, in.Component, s.Direct, in.Kind)
	}
	if in.Kind == Custom && in.Chooser == nil {
		b.problem(c, "the custom grouping of stream %q of %q has no chooser", in.Stream, in.Component)
	}
	if in.Kind == Fields || in.Kind == PartialKey {
		b.checkKeys(c, in, s)
	}
}

// checkKeys checks the fields that are grouped by, and sets their positions.
func (b *Builder) checkKeys(c *Component, in *Subscription, s *Stream) {
	if len(in.Fields) == 0 {
		b.problem(c, "the %s grouping of stream %q of %q names no field", in.Kind, in.Stream, in.Component)
	}
	if c.Parallelism > KeyGroups && c.Parallelism <= maxTasks {
		b.problem(c, "has %d tasks, but the keys of a %s grouping go to %d at most", c.Parallelism, in.Kind, KeyGroups)
	}
	in.Keys = nil
	for _, f := range in.Fields {
		i := s.Index(f)
		in.Keys = append(in.Keys, i)
		if i < 0 {
			b.problem(c, "groups stream %q of %q by the unknown field %q%s; it has [%s]", in.Stream, in.Component, f,
				didYouMean(f, s.Fields), strings.Join(s.Fields, " "))
		} else if s.kinds != nil && s.kinds[i] == fieldObject {
			b.problem(c, "groups stream %q of %q by the field %q, an object: objects can't be keys", in.Stream, in.Component, f)
		}
	}
}

func (b *Builder) checkReads(c *Component, s *Stream) {
	if c.reads == nil {
		return
	}
	for _, p := range c.reads.misfits(s) {
		b.problem(c, "%s", p)
	}
}
