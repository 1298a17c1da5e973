package main

import (
	"io/fs"
	"slices"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// reach declares the topology. Both tables are shared out among tasks, and each look-up goes to the task that has the key.
func reach(data fs.FS) *topology.Builder {
	b := topology.NewBuilder("reach")
	shares := trident.StaticTable(b, "shares", load(data, "shares.txt"))
	followers := trident.StaticTable(b, "followers", load(data, "followers.txt")).Parallelism(2)

	urls := trident.NewQuery(b, "reach")
	sharers := trident.FlatMap(trident.StateQuery(urls, shares, self, users), slices.Values[[]string])
	reached := trident.FlatMap(trident.StateQuery(sharers, followers, self, users), slices.Values[[]string])
	people := trident.Distinct(reached, self).Parallelism(2).Named("people")
	trident.Answer(trident.AggregateAll(people, trident.Count[string]()))
	return b
}

func self(s string) string { return s }

// users are those who were found: none, if nobody was.
func users(_ string, found []string, _ bool) []string { return found }
