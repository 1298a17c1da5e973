package main

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
)

// isFlow reports whether this process is the program of the flow topology: one that a cluster's client asks, or a worker.
func isFlow() bool {
	return os.Getenv(cluster.DescribeVariable) != "" || os.Getenv(cluster.SpecVariable) != ""
}

// beat is how often the flow topology emits a tuple.
const beat = time.Millisecond

// flow is a topology whose sink tells of every tuple.
func flow() *topology.Builder {
	b := topology.NewBuilder("flow")
	b.Spout("source", func() topology.Spout { return &beatSpout{} }).Emits("n")
	b.Bolt("sink", func() topology.Bolt { return &tellBolt{} }).Shuffle("source")
	return b
}

// beatSpout emits a tuple each beat. What fails is not emitted again: others come.
type beatSpout struct {
	due  chan struct{}
	over chan struct{}
	n    int64
}

func (s *beatSpout) Open(_ context.Context, tc *topology.Context) error {
	s.due, s.over = make(chan struct{}, 1), make(chan struct{})
	go s.tick(tc)
	return nil
}

// tick wakes the task for each beat, until Close.
func (s *beatSpout) tick(tc *topology.Context) {
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			select {
			case s.due <- struct{}{}:
				tc.Wake()
			default: // the task is behind
			}
		case <-s.over:
			return
		}
	}
}

func (s *beatSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	select {
	case <-s.due:
		s.n++
		out.EmitID(s, s.n)
	default:
	}
	return nil
}

func (s *beatSpout) Ack(any)         {}
func (s *beatSpout) Fail(any, error) {}

func (s *beatSpout) Close() error {
	close(s.over)
	return nil
}

// arrivalSubject is where sinks tell of each tuple; the message is the process id.
const arrivalSubject = "bench.arrival"

// tellBolt tells of every tuple.
type tellBolt struct {
	nc  *nats.Conn
	pid []byte
}

func (t *tellBolt) Prepare(context.Context, *topology.Context) (err error) {
	t.pid = strconv.AppendInt(nil, int64(os.Getpid()), 10)
	t.nc, err = nats.Connect(os.Getenv(urlVariable))
	return err
}

func (t *tellBolt) Execute(context.Context, *topology.Tuple, *topology.Collector) error {
	return t.nc.Publish(arrivalSubject, t.pid)
}

func (t *tellBolt) Cleanup() error {
	t.nc.Close()
	return nil
}
