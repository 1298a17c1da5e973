package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
)

// check declares the topology that compares the two streams. It reads them by consumers of its own,
// which go away by themselves.
func check(o options, w io.Writer) *topology.Builder {
	b := topology.NewBuilder("relay-check")
	read := func(stream string) func() topology.Spout {
		return jetstream.Spout(jetstream.SpoutOptions{
			Access: o.access, Stream: stream, Consumer: "relay-check-" + rand.Text(), Expire: 10 * time.Second, End: true,
		})
	}
	b.Spout("numbers", read(o.in)).Emits(jetstream.Fields...)
	b.Spout("results", read(o.out)).Emits(jetstream.Fields...)
	b.Bolt("check", func() topology.Bolt { return newChecker(w) }).Global("numbers").Global("results")
	return b
}

// checker compares results with numbers when all are there. It keeps messages by their sequences, so that it
// doesn't matter when one is delivered to it twice.
type checker struct {
	out     io.Writer
	numbers map[int64]int64
	results map[int64]result
}

func newChecker(w io.Writer) *checker {
	return &checker{out: w, numbers: map[int64]int64{}, results: map[int64]result{}}
}

// Execute implements [topology.Bolt].
func (c *checker) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	sequence, data := t.Int("sequence"), t.Bytes("data")
	if t.Component() == "numbers" {
		if n, err := parseNumber(data); err == nil { // what is none has no result
			c.numbers[sequence] = n
		}
		return nil
	}
	r, err := parseResult(data)
	if err != nil {
		r = result{} // of no number: unexpected
	}
	c.results[sequence] = r
	return nil
}

// Finish implements [topology.Finisher].
func (c *checker) Finish(context.Context, *topology.Collector) error {
	v := c.verdict()
	fmt.Fprintf(c.out, "numbers %d, results %d: lost %d, duplicates %d, wrong %d, unexpected %d\n",
		len(c.numbers), len(c.results), len(v.lost), v.duplicates, v.wrong, v.unexpected)
	if len(v.lost)+v.wrong+v.unexpected > 0 {
		return fmt.Errorf("the results are not those of the numbers; lost, first of all: %v", v.lost[:min(len(v.lost), 10)])
	}
	return nil
}

// verdict is what a checker found.
type verdict struct {
	lost       []int64 // numbers without a result, in ascending order
	duplicates int     // right results beyond one for each time the number is there
	wrong      int     // results that are not those of their number
	unexpected int     // results of what is no number of the stream
}

func (c *checker) verdict() (v verdict) {
	missing := map[int64]int{} // results still to be found, of each number
	for _, n := range c.numbers {
		missing[n]++
	}
	for _, r := range c.results {
		v.take(r, missing)
	}
	for n, times := range missing {
		for range times {
			v.lost = append(v.lost, n)
		}
	}
	slices.Sort(v.lost)
	return v
}

func (v *verdict) take(r result, missing map[int64]int) {
	left, known := missing[r.N]
	switch {
	case !known:
		v.unexpected++
	case r.Result != collatz(r.N):
		v.wrong++
	case left == 0:
		v.duplicates++
	default:
		missing[r.N]--
	}
}
