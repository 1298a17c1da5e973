package main

import "errors"

var errNoLimit = errors.New("to be written")

func newCrossLimit(bool) (load, error) { return nil, errNoLimit }

func newCrossLatencyLimit(plan) (load, error) { return nil, errNoLimit }
