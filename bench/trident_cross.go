package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
)

func tridentCrossCase() benchCase {
	return benchCase{
		name: "trident-wordcount-xworker", unit: "words/s", metric: perSecond, bar: bar{value: 5e6},
		note:  wordsNote + "; the counts are in another worker than the sources, the log is in JetStream, synced; " + crossNote,
		gale:  newTridentCross,
		limit: newCountLimit,
		also:  []func(time.Duration) (string, error){streamAppends},
	}
}

// tridentKind is the member that is this case's.
const tridentKind = "trident"

// Roles of the members: they answer what was read and what is committed, and one can be told to read no more.
const (
	sourceRole = "source"
	countsRole = "null"
	closeRole  = "close"
)

// declareTrident declares what the members run. The log is where the environment says.
func (m member) declareTrident(b *topology.Builder) {
	o, e := newBoard(m.Plan.warm), newEntrance(loopSource(readers))
	e.pauses = true
	e.opened = sync.OnceValue(func() error {
		return errors.Join(
			answer(sourceRole, func() any { return tally{Words: e.words()} }),
			answer(closeRole, func() any { e.close(); return tally{} }))
	})
	declareCount(b, e, nil, o, sync.OnceValue(func() error {
		return answer(countsRole, func() any { return o.tally() })
	}))
}

// tridentCross is a word count in two workers.
type tridentCross struct{ *crossLoad }

func newTridentCross(p plan) (load, error) {
	m := member{Kind: tridentKind, Plan: p}
	t, err := m.topology().Build()
	if err != nil {
		return nil, err
	}
	tasks, parallelism := apart(t, "counts")
	f, err := startFleet(m.String(), tasks, parallelism)
	if err != nil {
		return nil, err
	}
	return tridentCross{newCrossLoad(tridentKind, f.nc, f.stop)}, nil
}

// apart puts a component into a worker of its own, and the others into another.
func apart(t *topology.Topology, alone string) (tasks [][]cluster.TaskID, parallelism map[string]int) {
	tasks, parallelism = make([][]cluster.TaskID, 2), map[string]int{}
	for _, c := range t.Components {
		parallelism[c.ID] = c.Parallelism
		k := 1
		if c.ID == alone {
			k = 0
		}
		tasks[k] = append(tasks[k], t.Tasks(c.ID)...)
	}
	return tasks, parallelism
}

func (c tridentCross) run(ctx context.Context) error {
	<-ctx.Done()
	return errors.Join(c.settle(), c.tally(), c.halt())
}

// settle ends the reading, and waits until what was read is committed, exactly.
func (c tridentCross) settle() error {
	if _, err := c.ask(closeRole); err != nil {
		return err
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(patience); ; <-look.C {
		read, err := c.ask(sourceRole)
		if err != nil {
			return err
		}
		committed, err := c.ask(countsRole)
		if err != nil || maps.Equal(read.Words, committed.Words) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("what is committed is not what was read, even %v later: %v, not %v", patience, committed.Words, read.Words)
		}
	}
}

// stateFile writes where the workers of a fleet find the log of their topology, as a supervisor does.
func (h *hub) stateFile() (string, error) {
	text, err := json.Marshal(cluster.StateAccess{URL: h.server.URL()})
	if err != nil {
		return "", err
	}
	file := h.path("state.json")
	return file, os.WriteFile(file, text, 0o600)
}
