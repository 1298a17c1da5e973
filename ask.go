package gale

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
)

// What a topology of package trident calls the component that takes a query's questions, and where it takes them.
const (
	queryComponent = "query."
	queryEndpoint  = "trident.query"
)

// Ask runs a topology of package trident in this process, asks its query of the name each of the questions, one after the other, and ends the topology. It returns
// the answers, each a JSON array. A query whose answer comes from a state that a source fills is answered from what is
// committed at the time; one from static tables always finds all of them. Of a running cluster, `gale query` and package client ask.
//
// The error is that of the first question that fails, or of the topology, or ctx's. The topology must not be running elsewhere on the same state.
func Ask(ctx context.Context, t *topology.Topology, query string, questions ...string) (answers []string, err error) {
	w, err := worker.New(t, worker.Options{})
	if err != nil {
		return nil, err
	}
	task, ok := w.Task(queryComponent+query, 0)
	if !ok {
		return nil, fmt.Errorf("topology %q answers no query %q", t.Name, query)
	}
	running, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		defer end() // when it ends by itself, nobody answers
		ended <- w.Run(running)
	}()
	for _, q := range questions {
		answer, failed := askWhenReady(running, w, task, q)
		if err = failed; err != nil {
			break
		}
		answers = append(answers, string(answer))
	}
	end()
	return answers, cmp.Or(<-ended, err)
}

// readyInterval is how often a task that takes no questions yet is asked.
const readyInterval = time.Millisecond

func askWhenReady(ctx context.Context, w *worker.Worker, task topology.TaskID, question string) ([]byte, error) {
	again := time.NewTicker(readyInterval)
	defer again.Stop()
	for {
		answer, err := w.Ask(ctx, task, queryEndpoint, []byte(question))
		if !errors.Is(err, worker.ErrNoEndpoint) {
			return answer, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
