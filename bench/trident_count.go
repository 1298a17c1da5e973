package main

import (
	"iter"
	"strings"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
)

// logOpener opens the log of a topology.
type logOpener = func(topologyName string) (changelog.Log, error)

// readers is how many tasks read, split and count in parts, in the cases whose source can be read by several.
const readers = 2

// declareCount declares a word count whose state is in the log that open opens; nil for where the environment says.
func declareCount(b *topology.Builder, source trident.Source[sentence], open logOpener, o *board, opened func() error) {
	trident.Configure(b, trident.InLog(open))
	lines := trident.NewStream(b, "lines", source)
	if s, ok := source.(*entrance).Source.(loopSource); ok {
		lines = lines.Parallelism(int(s))
	}
	words := trident.FlatMap(lines, func(s sentence) iter.Seq[string] { return strings.FieldsSeq(s.Text) })
	stamps := trident.Map(
		trident.Filter(lines, func(s sentence) bool { return s.Read != 0 }),
		func(s sentence) int64 { return s.Read })
	counts := countWords(words, o.counted, opened)
	there := trident.StateQuery(stamps, counts,
		func(int64) string { return frequentWord },
		func(read, _ int64, _ bool) int64 { return read })
	trident.PartitionPersist(there, "seen", &visible[int64]{f: o.seen})
}

// countWords counts words. committed is called with the counts that a batch has changed when it is committed: on the task that has the counts,
// after they are what others see.
func countWords(words trident.Stream[string], committed func([]trident.Pair[string, int64]) error, opened func() error) trident.Table[string, int64] {
	itself := func(word string) string { return word }
	counts := trident.PersistentAggregate(trident.GroupBy(words, itself), "counts", trident.Count[string]())
	trident.PartitionPersist(counts.Updates(), "committed", &visible[trident.Pair[string, int64]]{f: committed, opened: opened})
	return counts
}
