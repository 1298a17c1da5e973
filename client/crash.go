package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/galestream/gale/cluster"
)

// LastCrash returns the newest crash of a worker that the topology has in the generation; nil when there is none.
func LastCrash(d *cluster.Description, generation int) *cluster.Crash {
	for i := range slices.Backward(d.Crashes) {
		if generationOf(d, d.Crashes[i].Worker) == generation {
			return &d.Crashes[i]
		}
	}
	return nil
}

// LastCrashOf returns the newest crash of one worker; nil when there is none.
func LastCrashOf(d *cluster.Description, worker string) *cluster.Crash {
	for i := range slices.Backward(d.Crashes) {
		if d.Crashes[i].Worker == worker {
			return &d.Crashes[i]
		}
	}
	return nil
}

// generationOf returns that of a worker, 0 when the topology has it no more.
func generationOf(d *cluster.Description, worker string) int {
	for i := range d.Workers {
		if d.Workers[i].ID == worker {
			return d.Workers[i].Generation
		}
	}
	return 0
}

// Cause says in a line why a worker's process ended: how, and what it said last, if it ended by itself.
func Cause(c *cluster.Crash) string {
	said := ""
	switch {
	case c.Panic != "":
		said, _, _ = strings.Cut(c.Panic, "\n")
	case strings.HasPrefix(c.Reason, "exit status") && len(c.LastLog) > 0:
		said = c.LastLog[len(c.LastLog)-1]
	}
	if said == "" {
		return c.Reason
	}
	return c.Reason + ": " + said
}

// Crashed says in a line how often a worker crashed, and why it did the last time.
func Crashed(c *cluster.Crash) string {
	if c.Life <= 1 {
		return "crashed: " + Cause(c)
	}
	return fmt.Sprintf("crashed %d times, last: %s", c.Life, Cause(c))
}

// crashWatch remembers the newest crash of a generation that is waited for, also when its workers have been given up.
type crashWatch struct {
	generation int
	old        map[crashID]bool // crashes before the wait, of other workers; nil before the first look
	last       *cluster.Crash
}

type crashID struct {
	worker string
	life   uint64
}

func (w *crashWatch) look(d *cluster.Description) {
	first := w.old == nil
	if first {
		w.old = map[crashID]bool{}
	}
	for i := range d.Crashes {
		c := &d.Crashes[i]
		id, of := crashID{c.Worker, c.Life}, generationOf(d, c.Worker)
		if first && of != w.generation {
			w.old[id] = true
		}
		if of == w.generation || of == 0 && !w.old[id] {
			w.last = c
		}
	}
}

// explain adds the crash to the message of an error, which is why what was waited for did not come.
func (w *crashWatch) explain(err error) error {
	e := new(cluster.Error)
	if !errors.As(err, &e) || w.last == nil || e.Code != cluster.Invalid {
		return err
	}
	c := *e
	c.Problems = append(slices.Clone(e.Problems), fmt.Sprintf("worker %s %s", w.last.Worker, Crashed(w.last)))
	return &c
}
