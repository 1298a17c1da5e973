package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
	stream "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// load is the topology that most tests run: numbers from one stream, their results to another.
type load struct {
	Name    string
	URL     string // of the NATS server that has the streams
	Workers int
	Tasks   int // of each component
	extras
}

// loadVariable has the load that a process of the topology runs, in JSON.
const loadVariable = "CHAOS_LOAD"

const (
	inStream  = "IN"
	outStream = "OUT"

	// maxHeld is how many records are pending at most, unless trees are bounded: what one fault may double.
	maxHeld = 100
	// ackWait is after how long the server gives away what a dead worker held.
	ackWait = 2 * time.Second
	// treeTimeout is so long that what a test waits for never comes from it: links and ledgers must know of each loss.
	treeTimeout = 10 * time.Minute
)

func readLoad() (l load, err error) {
	if err := json.Unmarshal([]byte(os.Getenv(loadVariable)), &l); err != nil {
		return l, fmt.Errorf("the variable %s: %w", loadVariable, err)
	}
	return l, nil
}

// builder declares the topology. Each record travels to another worker more often than not.
func (l load) builder() *topology.Builder {
	access := jetstream.Access{URL: l.URL}
	b := topology.NewBuilder(l.Name).MessageTimeout(treeTimeout)
	in := jetstream.SpoutOptions{Access: access, Stream: inStream, AckWait: ackWait, MaxAckPending: l.held(), Prefetch: l.Prefetch}
	b.Spout("numbers", jetstream.Spout(in)).Emits(jetstream.Fields...).Parallelism(l.Tasks)
	b.Bolt("parse", topology.BoltFunc(parse)).Emits("n").Parallelism(l.Tasks).Shuffle("numbers")
	b.Bolt("square", topology.BoltFunc(l.braked(square))).Emits("data").Parallelism(l.Tasks).Fields("parse", "n")
	jetstream.Sink(b, "results", jetstream.SinkOptions{Access: access, Subject: outStream, Stream: outStream}).Shuffle("square").Parallelism(l.Tasks)
	l.extend(b)
	return b
}

// held is how many records are pending at most. Where trees have a bound of their own, that one is to hold the stream back.
func (l load) held() int { return max(maxHeld, 10*l.MaxPending*l.Tasks) }

func parse(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	n, err := strconv.ParseInt(string(t.Bytes("data")), 10, 64)
	if err != nil {
		return err
	}
	out.Emit(n)
	return nil
}

func square(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	n := t.Int("n")
	data, err := json.Marshal(rig.Result{N: n, Value: squared(n)})
	if err != nil {
		return err
	}
	out.Emit(data)
	return nil
}

func squared(n int64) int64 { return n * n }

// submission is what a client submits to run the load.
func (l load) submission(t *testing.T) client.Submission {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return client.Submission{
		Program: client.Program{Path: os.Args[0], Env: map[string]string{loadVariable: string(text)}},
		Workers: l.Workers,
	}
}

// scene is a cluster that runs the load, and what watches it.
type scene struct {
	t        *testing.T
	rig      *rig.Rig
	cluster  *rig.Cluster
	streams  *rig.Server // that has the load's streams; the cluster's own where a test says so
	load     load
	topology cluster.Description // as it was when it ran at first
	feed     *rig.Feed
	oracle   *rig.Oracle
}

const feedRate = 500 // records a second

// play starts a cluster with streams on a server of their own, submits the load and feeds it.
func play(t *testing.T, o rig.Options, l load) *scene {
	t.Helper()
	s := &scene{t: t, rig: rig.New(t), load: l}
	s.streams = s.rig.Server("streams")
	s.cluster = s.rig.Cluster(o)
	s.begin()
	return s
}

func (s *scene) begin() {
	s.t.Helper()
	s.t.Cleanup(s.maybeExplain)
	if s.load.Name == "" {
		s.load.Name = "load"
	}
	s.load.URL = s.streams.URL
	rig.MakeStream(s.t, s.streams.URL, inStream, inStream)
	rig.MakeStream(s.t, s.streams.URL, outStream, outStream)
	s.oracle = rig.Watch(s.t, s.streams.URL, outStream, squared)
	s.topology = s.cluster.Submit(s.load.submission(s.t))
	s.feed = rig.StartFeed(s.t, s.streams.URL, inStream, feedRate)
	s.oracle.AwaitMore(feedRate)
}

// settle ends the feed and has every record's result come. faults is after how many faults, each of which may
// have doubled what was pending, and nothing that the stream has not given out once more.
func (s *scene) settle(faults int) {
	s.t.Helper()
	s.arrive()
	s.judge(min(faults*s.load.held(), s.replayed()))
}

// arrive ends the feed and has every record's result come.
func (s *scene) arrive() {
	s.t.Helper()
	s.oracle.Await(s.feed.Stop())
}

// judge fails the test when a record is lost, or there are more duplicates than may be.
func (s *scene) judge(duplicates int) {
	s.t.Helper()
	last := s.feed.Last()
	v := s.oracle.Verdict(last)
	s.t.Logf("of %d records lost %d, duplicates %d, of at most %d", last, len(v.Lost), v.Duplicates, duplicates)
	if len(v.Lost) > 0 || len(v.Wrong) > 0 || v.Unexpected > 0 {
		s.t.Errorf("I1 is broken: %+v", v)
	}
	if v.Duplicates > duplicates {
		s.t.Errorf("I2 is broken: %d duplicates, at most %d may be", v.Duplicates, duplicates)
	}
}

// replayed returns how many times the stream has given out a record once more.
func (s *scene) replayed() int {
	s.t.Helper()
	nc, err := nats.Connect(s.streams.URL)
	require.NoError(s.t, err)
	defer nc.Close()
	js, err := stream.New(nc)
	require.NoError(s.t, err)
	d := s.consumer(js).Delivered
	return int(d.Consumer - d.Stream) // all deliveries, less the first ones
}

// consumer is how the stream gives out the records.
func (s *scene) consumer(js stream.JetStream) *stream.ConsumerInfo {
	s.t.Helper()
	c, err := js.Consumer(s.t.Context(), inStream, "gale-"+s.load.Name+"-numbers")
	require.NoError(s.t, err)
	return c.CachedInfo()
}

// describe returns the topology as it is now.
func (s *scene) describe() cluster.Description {
	s.t.Helper()
	d, err := s.cluster.Client.Describe(s.t.Context(), s.load.Name)
	if err != nil {
		s.t.Fatalf("describing %s: %v", s.load.Name, err)
	}
	return d
}

// awaitHealthy waits until all workers run, and none of them is one of the dead processes.
func (s *scene) awaitHealthy(dead map[int]bool) {
	s.t.Helper()
	rig.Await(s.t, "all workers run", func() bool {
		d := s.describe()
		for _, w := range d.Workers {
			if w.PID == 0 || dead[w.PID] {
				return false
			}
		}
		return d.State == "running" && d.Running == d.Summary.Workers
	})
}

// maybeExplain prints how the topology fares when the test has failed.
func (s *scene) maybeExplain() {
	if !s.t.Failed() {
		return
	}
	d, err := s.cluster.Client.Describe(context.Background(), s.load.Name)
	s.t.Logf("%s is %s, generation %d, %d of %d workers run; %v %v", d.Name, d.State, d.Generation, d.Running, d.Summary.Workers, d.Message, err)
	for _, r := range d.Reports {
		s.t.Logf("worker %s life %d: %s, progress %+v", r.Worker, r.Life, r.Phase, r.Progress)
		for _, task := range r.Snapshot.Tasks {
			s.t.Logf("  %s[%d] %+v pending %d queued %d", task.Component, task.Index, task.Counts, task.Pending, task.Queued)
		}
		for _, l := range r.Links {
			s.t.Logf("  link %+v", l)
		}
	}
}
