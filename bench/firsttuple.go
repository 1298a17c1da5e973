package main

import (
	"context"
	"errors"
	"time"
)

// submitToFirstTuple returns how long it takes from the client's Submit of a program, this one, to a new cluster until a tuple was
// executed: it is asked what it is, checked, uploaded, placed, fetched and started.
func submitToFirstTuple() (took time.Duration, err error) {
	s, err := startSite(1, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	a, err := watchArrivals(s.nc)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), failoverPatience)
	defer cancel()
	began := time.Now()
	if _, err := s.submitFlow(ctx, 1); err != nil {
		return 0, err
	}
	first, err := a.next(ctx)
	return first.at.Sub(began), err
}
