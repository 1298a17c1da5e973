package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// arrival is a tuple that a sink of the flow topology has executed.
type arrival struct {
	at  time.Time
	pid int // of the sink's process
}

// arrivals are all there are from watchArrivals on.
type arrivals chan arrival

// watchArrivals returns when none is missed any more.
func watchArrivals(nc *nats.Conn) (arrivals, error) {
	a := make(arrivals, 1<<16)
	if _, err := nc.Subscribe(arrivalSubject, a.took); err != nil {
		return nil, err
	}
	return a, nc.Flush()
}

// took notes when a tuple came, however late it is looked at.
func (a arrivals) took(m *nats.Msg) {
	pid, _ := strconv.Atoi(string(m.Data))
	select {
	case a <- arrival{time.Now(), pid}:
	default: // nobody looks any more
	}
}

func (a arrivals) next(ctx context.Context) (arrival, error) {
	select {
	case x := <-a:
		return x, nil
	case <-ctx.Done():
		return arrival{}, fmt.Errorf("no tuple arrives: %w", ctx.Err())
	}
}

// steady is how long tuples must have flowed for the flow to be taken for steady.
const steady = time.Second

// last returns the last arrival before now, once tuples have flowed for a while.
func (a arrivals) last(ctx context.Context) (x arrival, err error) {
	for began := time.Now(); x.at.Before(began.Add(steady)); {
		if x, err = a.next(ctx); err != nil {
			return x, err
		}
	}
	return x, nil
}

// gap returns the longest time without an arrival since last, once those of another process than last's have come for a while.
func (a arrivals) gap(ctx context.Context, last arrival) (longest time.Duration, err error) {
	var again time.Time // when the first of another came
	for before := last.at; again.IsZero() || before.Before(again.Add(steady)); {
		x, err := a.next(ctx)
		if err != nil {
			return longest, err
		}
		if longest = max(longest, x.at.Sub(before)); again.IsZero() && x.pid != last.pid {
			again = x.at
		}
		before = x.at
	}
	return longest, nil
}
