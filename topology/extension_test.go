package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

// extended is an extension that does what it is told.
type extended func(b *topology.Builder)

func (e extended) Complete(b *topology.Builder) { e(b) }

func TestExtensionIsMadeOnceAndCompletedByBuild(t *testing.T) {
	b := topology.NewBuilder("words")
	type table struct{ extended }
	made, completed := 0, 0
	kept := func() *table {
		return b.Extension("kept", func() topology.Extension {
			made++
			return &table{func(b *topology.Builder) {
				completed++
				b.Spout("lines", source).Emits("line")
			}}
		}).(*table)
	}
	require.Same(t, kept(), kept())
	require.Equal(t, []int{1, 0}, []int{made, completed}, "nothing is declared before Build")

	require.Equal(t, []string{"lines"}, ids(build(t, b).Components))
	b.Bolt("sink", sink).Shuffle("lines")
	require.Equal(t, []string{"lines", "sink"}, ids(build(t, b).Components), "a second Build finds what the first has completed")
	require.Equal(t, []int{1, 1}, []int{made, completed})
	require.Same(t, kept(), kept())
	require.Equal(t, 1, made)
}

func TestExtensionsCompleteInOrder(t *testing.T) {
	b := topology.NewBuilder("words")
	withLines(b)
	var order []string
	note := func(name string, then func(b *topology.Builder)) {
		b.Extension(name, func() topology.Extension {
			return extended(func(b *topology.Builder) { order = append(order, name); then(b) })
		})
	}
	nothing := func(*topology.Builder) {}
	note("z", func(*topology.Builder) { note("late", nothing) })
	note("a", nothing)
	build(t, b)
	require.Equal(t, []string{"z", "a", "late"}, order)
	note("later", nothing)
	build(t, b)
	require.Equal(t, []string{"z", "a", "late", "later"}, order)
}

func TestExtensionReportsProblems(t *testing.T) {
	b := topology.NewBuilder("words")
	b.Extension("wrong", func() topology.Extension {
		return extended(func(b *topology.Builder) {
			b.Problem("counts", "has no %s", "key")
			b.Problem("", "has no end")
			b.Problem("lines", "is not sorted")
			b.Problem("counts", "has no value")
			b.Problem("lengths", "is negative")
			b.Problem("counts", "has no name")
		})
	})
	withLines(b)
	b.Bolt("sink", sink).Shuffle("nowhere")
	want := []string{
		"has no end", "lines: is not sorted", `sink: subscribes to the unknown component "nowhere"`,
		"counts: has no key", "counts: has no value", "counts: has no name", "lengths: is negative",
	}
	require.Equal(t, want, problems(t, b))
	require.Equal(t, want, problems(t, b), "what is wrong stays wrong")
}
