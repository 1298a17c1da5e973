package rig

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/galestream/gale/cluster"
)

// Leader is a Nimbus that has begun an epoch.
type Leader struct {
	ID    string
	Begun time.Time // by the clock of NATS
}

// Epochs sees every write that NATS has accepted in the cluster's bucket, and whether it was the leader's.
type Epochs struct {
	mu struct {
		sync.Mutex
		epoch   uint64 // the last that has begun
		leaders []Leader
		stale   []string
		writes  int
	}
}

// WatchEpochs follows the writes from now on until the test ends.
func (c *Cluster) WatchEpochs() *Epochs {
	c.t.Helper()
	nc, err := cluster.Connect(c.Admin, "rig", nil)
	must(c.t, err, "connecting to the cluster's records")
	c.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(c.t, err, "opening JetStream")
	consumer, err := js.OrderedConsumer(c.t.Context(), "KV_"+cluster.Bucket, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
	must(c.t, err, "reading the cluster's records")
	e := &Epochs{}
	reading, err := consumer.Consume(e.take)
	must(c.t, err, "reading the cluster's records")
	c.t.Cleanup(reading.Stop)
	return e
}

func (e *Epochs) take(m jetstream.Msg) {
	about, err := m.Metadata()
	if err != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.writes++
	key := strings.TrimPrefix(m.Subject(), cluster.KeySubject(""))
	if key == cluster.EpochKey {
		e.mu.epoch = about.Sequence.Stream
		e.mu.leaders = append(e.mu.leaders, Leader{string(m.Data()), about.Timestamp})
		return
	}
	var record struct{ Epoch uint64 }
	if len(m.Data()) == 0 || json.Unmarshal(m.Data(), &record) != nil {
		return // deleted
	}
	// Invariant: between the write that begins an epoch and the next one, all writes bear that epoch. What lies before the first that is seen
	// here was written in epochs that have passed.
	if e.mu.epoch != 0 && about.Sequence.Stream > e.mu.epoch && record.Epoch != e.mu.epoch {
		e.mu.stale = append(e.mu.stale, fmt.Sprintf("%s at %d in epoch %d: written by a leader of epoch %d", key, about.Sequence.Stream, e.mu.epoch, record.Epoch))
	}
}

// Stale returns the writes that were accepted of leaders that had been replaced; there must be none.
func (e *Epochs) Stale() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.mu.stale)
}

// Leaders returns who has begun an epoch, in their order, the one that led at the start first.
func (e *Epochs) Leaders() []Leader {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.mu.leaders)
}

// Writes returns how many writes were seen.
func (e *Epochs) Writes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.writes
}
