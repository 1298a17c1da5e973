package main

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// wordcount declares the topology: lines become words, words are counted, and the most frequent are picked from the counts that a batch has
// changed. Both are kept.
func wordcount(paths []string, serve bool, printer trident.Sink[[]count]) *topology.Builder {
	b := topology.NewBuilder("wordcount")
	lines := trident.NewStream(b, "lines", trident.Lines(paths...))
	groups := trident.GroupBy(trident.FlatMap(lines, words), self)
	counts := trident.PersistentAggregate(groups, "counts", trident.Count[string]()).Parallelism(2)
	top := mostFrequent(counts)
	trident.PartitionPersist(trident.Map(top.Updates(), value), "print", printer)
	if serve {
		answerCount(b, counts)
		answerTop(b, top)
	}
	return b
}

// answerCount declares the query of words, which is answered with their counts.
func answerCount(b *topology.Builder, counts trident.Table[string, int64]) {
	asked := trident.FlatMap(trident.NewQuery(b, "count"), words)
	trident.Answer(trident.StateQuery(asked, counts, self, func(word string, n int64, _ bool) count {
		return count{word, n}
	}))
}

// answerTop declares the query of a number, which is answered with so many of the most frequent words.
func answerTop(b *topology.Builder, top trident.Table[string, []count]) {
	asked := trident.NewQuery(b, "top")
	rows := trident.StateQuery(asked, top, func(string) string { return all }, func(n string, cs []count, _ bool) []count {
		return first(n, cs)
	})
	trident.Answer(trident.FlatMap(rows, slices.Values[[]count]))
}

// first are the first n of cs; 10, when n is not a number.
func first(n string, cs []count) []count {
	k, err := strconv.Atoi(n)
	if err != nil || k < 0 {
		k = 10
	}
	return cs[:min(k, len(cs))]
}

// words are the runs of letters and digits of a line, in lower case.
func words(line string) iter.Seq[string] {
	return strings.FieldsFuncSeq(strings.ToLower(line), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func self(word string) string { return word }

func value(p trident.Pair[string, []count]) []count { return p.Value }
