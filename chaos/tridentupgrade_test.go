package chaos

import (
	"strings"
	"testing"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

// TestR16StateIsReadByAnotherBuild puts programs in the place of the first one while numbers come: one that keeps one state more goes on with what
// the first has kept, and so does the first again. One that keeps a state as another type does not come up, says which state it is, and the former one goes on.
func TestR16StateIsReadByAnotherBuild(t *testing.T) {
	g := keep(t, rig.Options{Supervisors: 2}, tally{Workers: 2, Tasks: 3})
	for _, build := range []string{longerTally, ""} {
		g.replaceBy(build)
		g.flows()
	}
	g.submitBuild(retypedTally)
	g.awaitError(`state "count" has been kept as map: integer by string`, "went back to the former program")
	g.tally.Build = ""
	g.flows()
	g.settle()
}

// replaceBy has another build of the tally run.
func (g *ledger) replaceBy(build string) {
	g.t.Helper()
	g.cluster.AwaitRunning(g.tally.Name, g.submitBuild(build))
}

// submitBuild asks for another build of the tally to run, and returns the generation that it would be.
func (g *ledger) submitBuild(build string) int {
	g.t.Helper()
	g.tally.Build = build
	submission := g.tally.submission(g.t)
	submission.Replace, submission.Program.Path = true, otherProgram(g.t)
	for k, v := range g.rig.Env() {
		submission.Program.Env[k] = v
	}
	r, err := g.cluster.Client.Submit(g.t.Context(), submission)
	require.NoError(g.t, err)
	return r.Generation
}

// awaitError waits until the topology's errors have one with all the texts in it.
func (g *ledger) awaitError(texts ...string) (found string) {
	g.t.Helper()
	rig.Await(g.t, "an error says "+strings.Join(texts, " ... "), func() bool {
		for _, e := range g.errors() {
			if found = e; containsAll(e, texts) {
				return true
			}
		}
		return false
	})
	g.t.Log(found)
	return found
}

// errors are what `gale errors` shows.
func (g *ledger) errors() (all []string) {
	g.t.Helper()
	d := g.describe()
	for _, e := range client.Merge(d.Reports).Errors {
		all = append(all, e.Text)
	}
	for i := range d.Crashes {
		all = append(all, d.Crashes[i].Reason+" "+strings.Join(d.Crashes[i].LastLog, "\n"))
	}
	return append(all, d.Message)
}

func containsAll(s string, texts []string) bool {
	for _, t := range texts {
		if !strings.Contains(s, t) {
			return false
		}
	}
	return true
}

// TestR16StateMovesWithARebalance has the partitions of all states become four, these two, and so on, while numbers come.
func TestR16StateMovesWithARebalance(t *testing.T) {
	rounds, ways := 1, []int{4, 2}
	if *long {
		rounds, ways = 5, []int{4, 2, 3, 1}
	}
	g := keep(t, rig.Options{Supervisors: 2}, tally{Workers: 2, Tasks: 1})
	for range rounds {
		for _, tasks := range ways {
			g.partitionsBecome(tasks)
		}
	}
	g.partitionsBecome(1)
	g.settle()
}

// partitionsBecome changes the number of tasks of all components that may have several.
func (g *ledger) partitionsBecome(tasks int) {
	g.t.Helper()
	parallelism := map[string]int{}
	for c := range g.describe().Parallelism {
		if c != trident.Coordinator && c != tallySource {
			parallelism[c] = tasks
		}
	}
	r, err := g.cluster.Client.Rebalance(g.t.Context(), cluster.RebalanceRequest{Name: g.tally.Name, Parallelism: parallelism})
	require.NoError(g.t, err)
	g.cluster.AwaitRunning(g.tally.Name, r.Generation)
	g.flows()
}
