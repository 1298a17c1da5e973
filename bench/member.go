package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/galestream/gale/worker/process"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// urlVariable has the URL of NATS, where the components of a member answer what they have counted.
const urlVariable = "BENCH_NATS"

// countSubject is where that is.
const countSubject = "bench.count"

// member is what a worker process of the benchmark runs.
type member struct {
	Kind string `json:"kind"` // "acked", "unacked", "latency" or "trident"
	Plan plan   `json:"-"`
	Warm int64  `json:"warm"`   // nanoseconds
	Span int64  `json:"window"` // nanoseconds
}

func (m member) String() string {
	m.Warm, m.Span = int64(m.Plan.warm), int64(m.Plan.window)
	text, _ := json.Marshal(m) // which has nothing that can't be
	return string(text)
}

// isMember reports whether this process is a worker of a fleet.
func isMember() bool { return os.Getenv(memberVariable) != "" }

func readMember() (m member, err error) {
	if err := json.Unmarshal([]byte(os.Getenv(memberVariable)), &m); err != nil {
		return m, fmt.Errorf("%s: %w", memberVariable, err)
	}
	m.Plan = plan{warm: time.Duration(m.Warm), window: time.Duration(m.Span)}
	return m, nil
}

// runMember is the life of such a process.
func runMember() error {
	if role := os.Getenv(endVariable); role != "" {
		return runEnd(role)
	}
	m, err := readMember()
	if err != nil {
		return err
	}
	spec, err := process.ReadSpec(os.Getenv(cluster.SpecVariable))
	if err != nil {
		return err
	}
	t, err := m.topology().Build()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return process.Run(ctx, t, worker.Options{Log: logger()}, spec)
}

// logger is where the runtime logs: nowhere, unless BENCH_LOG is set.
func logger() *zap.Logger {
	log := zap.NewNop()
	if os.Getenv("BENCH_LOG") != "" {
		log, _ = zap.NewDevelopment()
	}
	return log
}

// The tasks of all members: bolt "null" is task 1, the spout "source" task 2.
const (
	nullTask   = 1
	sourceTask = 2
)

func (m member) generator() *generator { return newGenerator(crossRate, m.Plan) }

func (m member) topology() *topology.Builder {
	b := topology.NewBuilder(fleetName)
	if m.Kind == tridentKind {
		m.declareTrident(b)
		return b
	}
	if m.Kind == "latency" {
		b.Spout("source", func() topology.Spout { return &stampSpout{dueSpout: dueSpout{generator: m.generator()}} }).Emits("n", "due")
		b.Bolt("null", func() topology.Bolt { return &stampMeter{latencyMeter: newLatencyMeter(m.generator())} }).Shuffle("source")
		return b
	}
	b.Spout("source", func() topology.Spout { return &crossSpout{acked: m.Kind == "acked"} }).Emits("v").MaxPending(crossPending)
	b.Bolt("null", func() topology.Bolt { return &crossNull{} }).Shuffle("source")
	return b
}

// answer answers what was counted, for as long as the process lives.
func answer(role string, count func() any) error {
	nc, err := nats.Connect(os.Getenv(urlVariable))
	if err != nil {
		return err
	}
	_, err = nc.Subscribe(countSubject+"."+role, func(m *nats.Msg) {
		text, err := json.Marshal(count())
		if err == nil {
			err = m.Respond(text)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench: a count could not be told:", err)
		}
	})
	return err
}
