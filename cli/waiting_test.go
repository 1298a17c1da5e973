package cli

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func TestWhatChangesToAndFroIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		w := &waiting{w: &b, told: map[string]time.Time{}}
		for range 4 {
			w.tell("starting")
			w.tell("running")
			w.note("a crash")
		}
		require.Equal(t, "starting\nrunning\na crash\na crash\na crash\na crash\n", b.String())
		b.Reset()
		time.Sleep(repeat) // virtual
		w.tell("running")
		w.tell("starting")
		require.Equal(t, "starting\n", b.String())
	})
}

func TestATerminalsLineIsDrawnAnewBelowANote(t *testing.T) {
	var b strings.Builder
	w := &waiting{w: &b, terminal: true, told: map[string]time.Time{}}
	w.tell("starting")
	w.note("a crash")
	w.tell("starting")
	w.over()
	require.Equal(t, "\r\x1b[Kstarting\r\x1b[Ka crash\n\r\x1b[Kstarting\r\x1b[K", b.String())
}

// crashing is a topology whose first generation does not come up.
func crashing(lives ...uint64) *cluster.Description {
	return changed(func(d *cluster.Description) {
		d.Generation, d.Running, d.State, d.Crashes = 0, 0, "starting", nil
		d.Workers[1].Error = ""
		for _, life := range lives {
			d.Crashes = append(d.Crashes, cluster.Crash{
				Worker: d.Workers[1].ID, Life: life, Reason: "exit status 1", LastLog: []string{"connected", "numbers[0]: open: no such file"},
			})
		}
	})
}

const lastCrash = "crashed 3 times, last: exit status 1: numbers[0]: open: no such file"

func TestAWaitTellsCrashesOnce(t *testing.T) {
	f := startFake(t)
	on(f, cluster.VerbRebalance, func(cluster.RebalanceRequest) (any, error) { return cluster.RebalanceResponse{Generation: 1}, nil })
	failed := crashing(1, 2, 3)
	failed.Status, failed.State, failed.Message = cluster.Failed, "failed", "it crashed"
	described(f, crashing(), crashing(1), crashing(1), crashing(1, 2), crashing(1, 2, 3), crashing(1, 2, 3), failed)
	code, _, err := f.gale(t, "rebalance", "wordcount", "--spread")
	require.Equal(t, exitFailed, code)
	require.Equal(t, strings.Join([]string{
		"wordcount: starting",
		"worker BBBBBBBB crashed: exit status 1: numbers[0]: open: no such file",
		"worker BBBBBBBB crashed 2 times, last: exit status 1: numbers[0]: open: no such file",
		"worker BBBBBBBB " + lastCrash,
		`gale: topology "wordcount" has failed: it crashed:`,
		"  worker W0000000000000BBBBBBBB " + lastCrash,
		"hint: gale errors wordcount", "",
	}, "\n"), err)
}

func TestAWaitThatIsTooLongTellsWhy(t *testing.T) {
	f := startFake(t)
	on(f, cluster.VerbRebalance, func(cluster.RebalanceRequest) (any, error) { return cluster.RebalanceResponse{Generation: 1}, nil })
	described(f, crashing(1, 2, 3))
	code, _, err := f.gale(t, "rebalance", "wordcount", "--spread", "--timeout", "500ms")
	require.Equal(t, exitNotNow, code)
	require.Contains(t, err, "does not run: it may still happen:\n  worker BBBBBBBB "+lastCrash)
	require.Contains(t, err, "gale errors wordcount, gale workers wordcount")
}

func TestListAndWorkersTellCrashesAndWhatIsLeft(t *testing.T) {
	f := startFake(t)
	summaries := func(d *cluster.Description) {
		described(f, d)
		on(f, cluster.VerbList, func(cluster.Empty) (any, error) {
			return cluster.ListResponse{Topologies: []cluster.Summary{d.Summary}}, nil
		})
	}
	summaries(crashing(1, 2, 3))
	for _, verb := range []string{"list", "workers"} {
		_, out, err := f.gale(t, verb)
		require.Contains(t, out, lastCrash, err)
	}
	summaries(changed(func(d *cluster.Description) { d.Status, d.State = cluster.Killed, "draining" }))
	_, out, err := f.gale(t, "list")
	require.Contains(t, out, "processes left: 1", err)
}

func TestAnInterruptedWaitSaysThatTheChangeGoesOn(t *testing.T) {
	f := startFake(t)
	t.Setenv("GALE_NATS", f.url)
	self, err := os.Executable()
	require.NoError(t, err)
	on(f, cluster.VerbSubmit, func(cluster.SubmitRequest) (any, error) {
		return cluster.SubmitResponse{Name: "wordcount", Generation: 1}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) { cancel(); return *crashing(), nil })
	var out, text strings.Builder
	require.Equal(t, exitInterrupted, run(ctx, []string{"submit", self}, &out, &text))
	require.Contains(t, text.String(), `topology "wordcount" stays submitted; to remove it: gale kill wordcount`)
}
