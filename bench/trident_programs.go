package main

import (
	"context"
	"fmt"
	"os"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/topology"
)

// topologyVariable says which topology this program is in a cluster.
const topologyVariable = "BENCH_TOPOLOGY"

// The topologies beside flow, which it is unless it is said.
const (
	recoveryTopology = "recovery"
	queryTopology    = "query"
)

// ownTopology is the topology that this process has in a cluster.
func ownTopology() *topology.Builder {
	name := os.Getenv(topologyVariable)
	b := topology.NewBuilder(name)
	switch name {
	case "":
		return flow()
	case recoveryTopology:
		declareRecovery(b)
	case queryTopology:
		declareQuery(b)
	default:
		b.Problem(name, "there is no such topology: %s is wrong", topologyVariable)
	}
	return b
}

// own is what is submitted to have a topology of this program run, whose tasks may tell something by the NATS at the URL.
func own(name, url string, workers int) (client.Submission, error) {
	self, err := os.Executable()
	if err != nil {
		return client.Submission{}, fmt.Errorf("this program's file: %w", err)
	}
	p := client.Program{Path: self, Env: map[string]string{topologyVariable: name, urlVariable: url}}
	return client.Submission{Program: p, Workers: workers}, nil
}

// submitOwn has a topology of this program run, and returns when that is recorded.
func (s *site) submitOwn(ctx context.Context, name string, workers int) error {
	o, err := own(name, s.server.URL(), workers)
	if err != nil {
		return err
	}
	_, err = s.client.Submit(ctx, o)
	return err
}
