package main

import (
	"cmp"
	"slices"

	"github.com/galestream/gale/trident"
)

// count is a word with how often it was there.
type count struct {
	Word  string `json:"word"`
	Count int64  `json:"count"`
}

// mostKept is how many of the most frequent words are kept.
const mostKept = 100

// all is the one key of the state of the most frequent words.
const all = "all"

// mostFrequent keeps the most frequent words, the most frequent first. Since counts only grow, a word comes in among them by an update of its own, which is
// among the largest of its batch: nothing else needs to be looked at.
func mostFrequent(counts trident.Table[string, int64]) trident.Table[string, []count] {
	updates := trident.Map(counts.Updates(), func(p trident.Pair[string, int64]) count { return count{p.Key, p.Value} })
	largest := trident.FirstNBy(updates, mostKept, moreFrequent).Named("largest")
	together := trident.GroupBy(largest, func(count) string { return all })
	return trident.Update(together, "top", func(_ string, old []count, _ bool, updates []count) ([]count, bool) {
		return ranking(old, updates), true
	})
}

func moreFrequent(a, b count) bool { return compare(a, b) < 0 }

// compare is less than 0 if a comes before b: it is more frequent, or as frequent and first in the alphabet.
func compare(a, b count) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
}

// ranking brings updates into a ranking. It changes neither.
func ranking(old, updates []count) []count {
	now := slices.Clone(updates)
	updated := make(map[string]bool, len(updates))
	for _, c := range updates {
		updated[c.Word] = true
	}
	for _, c := range old {
		if !updated[c.Word] {
			now = append(now, c)
		}
	}
	slices.SortFunc(now, compare)
	return now[:min(mostKept, len(now))]
}
