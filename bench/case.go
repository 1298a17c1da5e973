package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xrash/smetrics"
)

// benchCase is one row of the table.
type benchCase struct {
	name   string
	unit   string
	note   string               // what a reader must know of the figures; may be empty
	metric func(sample) float64 // what of a sample is the value
	bar    bar
	gale   func(p plan) (load, error) // the topology, on the runtime
	limit  func(p plan) (load, error) // the bare loop
	// probe is what a case is that has none of the three before: one figure, of which less is better.
	probe func(window time.Duration) (figure, error)
	// also is measured after the case, each for a note.
	also []func(window time.Duration) (note string, err error)
}

func allCases() []benchCase {
	return []benchCase{
		constCase("const-null-acked", constShape{acked: true}, bar{value: 20e6, ratio: 0.35}),
		constCase("const-null-unacked", constShape{}, bar{value: 30e6}),
		constCase("const-id-null-acked", constShape{acked: true, id: true}, bar{value: 12e6}),
		constCase("const-id-null-unacked", constShape{id: true}, bar{}),
		wordcountCase(),
		fanoutCase(),
		latencyCase(),
		crossCase("acked", bar{value: 4e6}),
		crossCase("unacked", bar{value: 6e6}),
		crossLatencyCase(),
		millisCase("submit-to-first-tuple", 2000, submitToFirstTuple),
		millisCase("dev-ready", 1000, devReady),
		idleCase(),
		millisCase("failover-worker", 1000, killWorker),
		millisCase("failover-hung", 5000+2000, hangWorker),
		millisCase("failover-supervisor", 10_000+2000, killSupervisor),
		millisCase("failover-leader", 5000, killLeader),
		tridentWordsCase(),
		tridentCrossCase(),
		tridentStreamCase(),
		tridentLatencyCase("trident-latency-20k", "a file that is synced", folderLog),
		tridentLatencyCase("trident-latency-20k-jetstream", "in JetStream, synced, whose server is in this process", streamLog),
		tridentIdleCase(),
		tridentRecoveryCase(),
		queryCase(),
	}
}

func names(cases []benchCase) (all []string) {
	for _, c := range cases {
		all = append(all, c.name)
	}
	return all
}

// pick returns the cases of the comma-separated names, in that order; all for none.
func pick(cases []benchCase, which string) ([]benchCase, error) {
	if which == "" {
		return cases, nil
	}
	var picked []benchCase
	for name := range strings.SplitSeq(which, ",") {
		i := slices.IndexFunc(cases, func(c benchCase) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no case %q, did you mean %q? -list names all", name, nearest(name, names(cases)))
		}
		picked = append(picked, cases[i])
	}
	return picked, nil
}

func nearest(name string, known []string) string {
	return slices.MaxFunc(known, func(a, b string) int {
		near := func(s string) float64 { return smetrics.JaroWinkler(strings.ToLower(name), s, 0.7, 4) }
		switch d := near(a) - near(b); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
}
