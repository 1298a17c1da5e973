//go:build race

package main

// maxAllocs is more under the race detector, which is so slow that a chunk is a few tuples.
const maxAllocs = 1.0
