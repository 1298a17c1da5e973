//go:build !race

package main

// maxAllocs is how many allocations a tuple of the const cases may cost: none of its own, and its
// share of what a chunk of tuples costs.
const maxAllocs = 0.1
