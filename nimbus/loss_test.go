package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// soon has silence be seen within 3 s, which even a slow machine keeps between the beats of every 20 ms.
func soon(o *Options) { o.SupervisorTimeout = 3 * time.Second }

func TestTheWorkersOfALostSupervisorAreReplaced(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", soon)
	a := r.machine("a", 2)
	b := r.machine("b", 2)
	r.submit("words")
	before := r.awaitState("words", "running", 1)

	b.vanish()
	await(t, "a runs all", func() bool { return a.workers() == 2 })
	after := r.awaitState("words", "running", 1)
	require.Equal(t, []string{"a"}, after.Supervisors)
	require.Empty(t, a.journal(), "those that were not lost stay as they are")
	kept := 0
	for _, w := range after.Workers {
		for _, v := range before.Workers {
			if w.ID == v.ID {
				kept++
				require.Equal(t, "a", w.Supervisor)
			}
		}
	}
	require.Equal(t, 1, kept)
	require.Equal(t, 1, r.status().Lost)
}

// While new workers start, those of the running generation go on as if no swap was under way.
func TestALostSupervisorIsReplacedInASwap(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", soon, func(o *Options) { o.StartTimeout = time.Hour })
	r.machine("a", 8, func(m *machine) { m.acts = neverReady })
	b := r.machine("b", 8, func(m *machine) { m.acts = neverReady })
	r.submit("words")
	r.awaitState("words", "running", 1)
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 3}, nil)
	b.vanish()
	await(t, "all of the running generation is on a", func() bool {
		record, _ := r.assignment("words")
		on := map[string]int{}
		for _, g := range []*cluster.Generation{record.Current, record.Next} {
			for _, w := range g.Workers {
				on[w.Supervisor]++
			}
		}
		return record.Current.Number == 1 && on["a"] == 5 && on["b"] == 0
	})
	await(t, "it runs", func() bool { return r.describe("words").Running == 2 })
}

// A write may take as long as a supervisor may be silent. What has come meanwhile is heard before anybody is said to be lost.
func TestNobodyIsLostWhileNimbusDoesNotListen(t *testing.T) {
	s, now := newScene(), time.Now()
	l := &leader{state: s.all, log: zap.NewNop(), beats: make(chan heardBeat, 3)}
	for id, v := range l.supervisors {
		v.at, v.wasUp, v.stored = now.Add(-time.Minute), true, true
		if id != "c" {
			l.beats <- heardBeat{cluster.Beat{Host: cluster.Host{ID: id}, Healthy: true}, now}
		}
	}
	l.heard = now.Add(-time.Minute)
	require.Equal(t, rest, l.next(s.deployment, now))
	require.NoError(t, l.tick())
	require.Equal(t, rest, l.next(s.deployment, now))
	require.False(t, l.up(l.supervisors["c"], now), "it has been silent")
	require.True(t, l.up(l.supervisors["a"], now))
}

func TestWithoutRoomWorkersWaitForIt(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", soon)
	r.machine("a", 1)
	b := r.machine("b", 1)
	r.submit("words")
	r.awaitState("words", "running", 1)
	b.vanish()
	d := r.awaitState("words", "waiting for slots", 1)
	require.NotEmpty(t, d.Message)
	require.NotEmpty(t, r.status().Problems)

	c := r.machine("c", 1)
	r.awaitState("words", "running", 1)
	require.Equal(t, 1, c.workers())
	require.Empty(t, r.status().Problems)
}

func TestASupervisorThatIsBackInTimeKeepsItsWorkers(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", soon)
	r.machine("a", 1)
	b := r.machine("b", 1)
	r.submit("words")
	before := r.awaitState("words", "running", 1)
	b.change(func() { b.mu.mute = true })
	r.awaitState("words", "waiting for slots", 1)
	b.change(func() { b.mu.mute = false })
	after := r.awaitState("words", "running", 1)
	require.Equal(t, ids(before), ids(after))
}

func ids(d cluster.Description) (all []string) {
	for _, w := range d.Workers {
		all = append(all, w.ID)
	}
	return all
}

func TestTheWorkersOfASupervisorThatLeavesMoveAtOnce(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", func(o *Options) { o.SupervisorTimeout = time.Hour })
	a := r.machine("a", 2)
	b := r.machine("b", 2)
	r.submit("words")
	r.awaitState("words", "running", 1)
	b.change(func() { b.mu.leaving = true })
	await(t, "a runs all", func() bool { return a.workers() == 2 })
}

func TestAWorkerThatCrashesAgainAndAgainIsTriedElsewhere(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	a := r.machine("a", 1)
	r.submit("words", func(q *cluster.SubmitRequest) { q.Workers = 1 })
	r.awaitState("words", "running", 1)
	crash := func(w *actor) {
		w.life++
		w.crash = &cluster.Crash{Worker: w.id, Life: w.life - 1, Reason: "exit status 2"}
	}
	a.change(func() { a.acts = crash })
	await(t, "its crashes are known", func() bool { return len(r.describe("words").Crashes) >= restless })
	require.Equal(t, 1, a.workers(), "there is no other place")
	b := r.machine("b", 1)
	await(t, "it has moved", func() bool { return a.workers() == 0 && b.workers() == 1 })
	r.awaitState("words", "running", 1)
}
