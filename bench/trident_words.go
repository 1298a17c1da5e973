package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
)

const wordsNote = "counted in committed values of the state; latency is from a Read of the source to its commit being visible"

func tridentWordsCase() benchCase {
	return benchCase{
		name: "trident-wordcount", unit: "words/s", metric: perSecond, bar: bar{value: 10e6, p99: 50_000},
		note:  wordsNote + "; the log is a file that is synced",
		gale:  func(p plan) (load, error) { return newTridentWords(p, folderLog) },
		limit: newCountLimit,
		also:  []func(time.Duration) (string, error){unsyncedWords, folderAppends},
	}
}

// place is where a log is, until it is removed.
type place struct {
	open   logOpener
	remove func() error
}

// folderLog is a log in a file, which syncs what it is given.
func folderLog() (place, error) {
	folder, err := os.MkdirTemp("", "gale-bench-log-")
	return place{
		open:   func(string) (changelog.Log, error) { return changelog.Open(filepath.Join(folder, "log")) },
		remove: func() error { return os.RemoveAll(folder) },
	}, err
}

// memoryLog is a log that nothing is left of.
func memoryLog() (place, error) {
	return place{
		open:   func(string) (changelog.Log, error) { return changelog.Memory(), nil },
		remove: func() error { return nil },
	}, nil
}

// tridentWords is a word count in this process.
type tridentWords struct {
	*board
	worker   *worker.Worker
	entrance *entrance
	place    place
}

func newTridentWords(p plan, where func() (place, error)) (_ load, err error) {
	l := &tridentWords{board: newBoard(p.warm), entrance: newEntrance(loopSource(readers))}
	if l.place, err = where(); err != nil {
		return nil, err
	}
	b := topology.NewBuilder("wordcount")
	declareCount(b, l.entrance, l.place.open, l.board, nil)
	if l.worker, err = newWorker(b); err != nil {
		return nil, errors.Join(err, l.place.remove())
	}
	return l, nil
}

func newWorker(b *topology.Builder) (*worker.Worker, error) {
	t, err := b.Build()
	if err != nil {
		return nil, err
	}
	return worker.New(t, worker.Options{Log: logger()})
}

func (l *tridentWords) run(ctx context.Context) error {
	err := runToEnd(ctx, l.worker, l.entrance.close, patience)
	if err == nil {
		err = l.check(l.entrance.words())
	}
	return errors.Join(err, l.place.remove())
}

func (l *tridentWords) note() string { return "" }

var errNoEnd = errors.New("the topology did not end with its source")

// runToEnd runs a topology until it ends, which is soon after ctx is done: end then ends its source. It waits for that as long as patience.
func runToEnd(ctx context.Context, w *worker.Worker, end func(), patience time.Duration) error {
	hard, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		end()
		select {
		case <-hard.Done():
		case <-time.After(patience):
			cancel(errNoEnd)
		}
	})()
	err := w.Run(hard)
	return errors.Join(err, context.Cause(hard))
}

// unsyncedWords tells what the same count comes to with a log in memory: what the syncs cost is the difference.
func unsyncedWords(window time.Duration) (string, error) {
	s, err := observe(func(p plan) (load, error) { return newTridentWords(p, memoryLog) }, newPlan(window), pprof.Labels("case", "trident-wordcount", "load", "unsynced"))
	return fmt.Sprintf("with the log in memory, where nothing is synced: %s words/s, p50 %.1f us, p99 %.1f us", short(perSecond(s)), s.latency.p50, s.latency.p99), err
}
