package topology

import "fmt"

// Extension is what another package keeps with a [Builder] while a topology is declared: an API that is built on spouts and
// bolts gathers what its users say, and declares the components when all of it is known.
type Extension interface {
	// Complete declares what the extension stands for. [Builder.Build] calls it once, before it checks anything; a
	// later Build finds what it has declared. It may call any method of b but Build, and says
	// what is wrong with [Builder.Problem].
	Complete(b *Builder)
}

// extension is one that was made, under its key.
type extension struct {
	key       string
	made      Extension
	completed bool
}

// Extension returns what is kept with b under the key, which should be the import path of the package that it
// is of. The first call makes it. Extensions are completed in the order in which they were made.
func (b *Builder) Extension(key string, make func() Extension) Extension {
	for i := range b.extensions {
		if b.extensions[i].key == key {
			return b.extensions[i].made
		}
	}
	made := make()
	b.extensions = append(b.extensions, extension{key: key, made: made})
	return made
}

// complete completes the extensions that were not yet, also those that are made meanwhile.
func (b *Builder) complete() {
	for i := 0; i < len(b.extensions); i++ {
		if e := b.extensions[i]; !e.completed {
			b.extensions[i].completed = true
			e.made.Complete(b)
		}
	}
}

// Problem has Build return a [*BuildError] that lists this, too. It is for extensions: component is whom the problem concerns,
// in the words of the extension's users, and need be no component's id; empty is the topology itself. The problem stays
// with b.
func (b *Builder) Problem(component, format string, args ...any) {
	b.problems = append(b.problems, Problem{Component: component, Text: fmt.Sprintf(format, args...)})
}
