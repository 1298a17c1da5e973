package topology

import (
	"fmt"
	"strings"
)

// GroupingKind says how the tuples of a stream are shared out among the tasks of
// a bolt.
type GroupingKind uint8

// The groupings. See the methods of [BoltDeclarer] that declare them.
const (
	Shuffle GroupingKind = iota
	Fields
	PartialKey
	LocalOrShuffle
	All
	Global
	None
	Direct
	Custom
)

var groupingNames = [...]string{"shuffle", "fields", "partial-key", "local-or-shuffle", "all", "global", "none", "direct", "custom"}

// String returns the grouping's name: "shuffle", "fields", "partial-key", ...
func (k GroupingKind) String() string { return groupingNames[k] }

// Subscription says that a bolt receives a stream, and how it is grouped.
type Subscription struct {
	Component string // who emits it
	Stream    string
	Kind      GroupingKind
	Fields    []string       // of fields and partial-key
	Keys      []int          // their positions in the stream, set by Build
	Chooser   func() Chooser // of custom
}

// String returns "component:stream (grouping)".
func (s Subscription) String() string {
	return fmt.Sprintf("%s:%s (%s)", s.Component, s.Stream, s.Kind)
}

// Chooser is a custom grouping: it appends to chosen the positions, in [0, tasks), of
// the tasks that receive a tuple of the values, and returns it. It belongs to one
// emitting task and is called on its goroutine. None is allowed: the tuple then goes
// to no task of this bolt. A position out of range fails the emit.
type Chooser func(values []Value, tasks int, chosen []int) []int

// From names a stream of a component where a grouping asks for its source: From("parse",
// "late") is "parse:late". A component's id alone means its default stream.
func From(component, stream string) string { return component + ":" + stream }

// DeadLetters names the stream of a component's dead letters: the tuples that
// its retry policy has given up. See [Retry].
func DeadLetters(component string) string { return From(component, DeadLetterStream) }

func splitSource(from string) (component, stream string) {
	component, stream, named := strings.Cut(from, ":")
	if !named {
		stream = DefaultStream
	}
	return component, stream
}
