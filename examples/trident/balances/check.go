package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
)

// check declares the topology that compares both sides. It reads streams by consumers of its own, which go away by themselves.
func check(o options, w io.Writer) *topology.Builder {
	b := topology.NewBuilder("balances-check")
	read := func(stream, subject string) func() topology.Spout {
		return jetstream.Spout(jetstream.SpoutOptions{
			Access: o.access, Stream: stream, Subjects: []string{subject}, Consumer: "balances-check-" + rand.Text(), Expire: 10 * time.Second, End: true,
		})
	}
	b.Spout("transfers", read(o.in, transferSubject+"*")).Emits(jetstream.Fields...)
	d := b.Bolt("check", func() topology.Bolt { return newChecker(o, w) }).Global("transfers")
	if o.postgres == "" {
		b.Spout("balances", read(o.out, balanceSubject+"*")).Emits(jetstream.Fields...)
		d.Global("balances")
	}
	return b
}

// checker adds up the transfers, and compares when all are there. It keeps messages by their sequences, so that it doesn't matter when one is
// delivered to it twice, or late.
type checker struct {
	o         options
	out       io.Writer
	transfers map[int64]transfer
	latest    map[string]written
}

// written is what a stream says last of an account.
type written struct{ sequence, cents int64 }

func newChecker(o options, w io.Writer) *checker {
	return &checker{o: o, out: w, transfers: map[int64]transfer{}, latest: map[string]written{}}
}

// Execute implements [topology.Bolt].
func (c *checker) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	sequence, data := t.Int("sequence"), t.Bytes("data")
	if t.Component() == "transfers" {
		if x, err := parseTransfer(data); err == nil { // what is none is passed over, as in the pipeline
			c.transfers[sequence] = x
		}
		return nil
	}
	var b balance
	if err := json.Unmarshal(data, &b); err != nil {
		b = balance{Account: fmt.Sprintf("(message %d)", sequence)} // unexpected
	}
	if sequence > c.latest[b.Account].sequence {
		c.latest[b.Account] = written{sequence, b.Cents}
	}
	return nil
}

// Finish implements [topology.Finisher].
func (c *checker) Finish(ctx context.Context, _ *topology.Collector) error {
	if c.o.postgres != "" {
		rows, err := readTable(ctx, c.o.postgres)
		if err != nil {
			return err
		}
		for _, b := range rows {
			c.latest[b.Account] = written{cents: b.Cents}
		}
	}
	v := c.verdict()
	fmt.Fprintf(c.out, "transfers %d, accounts %d: wrong %d, missing %d, unexpected %d, sum %d\n",
		len(c.transfers), len(c.latest), v.wrong, v.missing, v.unexpected, v.sum)
	if v.wrong+v.missing+v.unexpected > 0 {
		return errors.New("the balances are not those that follow from the transfers")
	}
	return nil
}

// verdict is what a checker found.
type verdict struct {
	wrong      int // balances that don't follow from the transfers
	missing    int // accounts with transfers, but without a balance
	unexpected int // accounts with a balance, but without transfers
	sum        int64
}

func (c *checker) verdict() (v verdict) {
	right := map[string]int64{}
	for _, t := range c.transfers {
		for e := range t.entries() {
			right[e.Account] += e.Cents
		}
	}
	for account, w := range c.latest {
		v.sum += w.cents
		cents, expected := right[account]
		switch {
		case !expected:
			v.unexpected++
		case cents != w.cents:
			v.wrong++
		}
		delete(right, account)
	}
	v.missing = len(right)
	return v
}
