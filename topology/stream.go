package topology

import "slices"

// DefaultStream is the stream of a component that is meant where none is named.
const DefaultStream = "default"

// Stream is the declaration of one stream of tuples that a component emits.
type Stream struct {
	Component string   // who emits it
	Name      string   // [DefaultStream] or as declared
	Fields    []string // the names of its values, in order
	Direct    bool     // whether the emitter picks the receiving task
	kinds     []fieldKind
}

// Index returns the position of the named field, -1 when there is none.
func (s *Stream) Index(field string) int { return slices.Index(s.Fields, field) }

// tickStream is where ticks come from: no component, no fields.
var tickStream = &Stream{Component: "__system", Name: "__tick"}

// NewTick returns a tick tuple, for runtimes. It belongs to no tree.
func NewTick() *Tuple { return NewSlab(1).Add(tickStream, nil, 0, 0) }
