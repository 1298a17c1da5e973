package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/cluster"
)

// flow is a toy topology over some workers, in which roots wander from worker to worker, over links that take their time. Bolt "hold"
// keeps some of them back until it finishes.
type flow struct {
	t       *rapid.T
	workers []*node
	wire    []parcel
	pending int
	paused  bool // spouts, which all live in worker 0
	tracked bool // roots are anchored, so that it is known how many are pending
	orders  []string
}

type node struct {
	id          string
	inbox       []int // hops that each has still before it
	held        []int
	sent, taken int64
	stopped     bool
}

type parcel struct{ to, hops int }

// happen lets something happen, or nothing.
func (f *flow) happen() {
	for range rapid.IntRange(0, 40).Draw(f.t, "events") {
		switch rapid.IntRange(0, 3).Draw(f.t, "event") {
		case 0:
			if !f.paused {
				f.pending++
				f.send(0, rapid.IntRange(0, 12).Draw(f.t, "hops"))
			}
		case 1:
			if n := len(f.wire); n > 0 {
				i := rapid.IntRange(0, n-1).Draw(f.t, "parcel")
				p := f.wire[i]
				f.wire = append(f.wire[:i:i], f.wire[i+1:]...)
				w := f.workers[p.to]
				w.inbox = append(w.inbox, p.hops)
			}
		default:
			f.work(rapid.IntRange(0, len(f.workers)-1).Draw(f.t, "worker"))
		}
	}
}

func (f *flow) work(i int) {
	w := f.workers[i]
	if len(w.inbox) == 0 {
		return
	}
	hops := w.inbox[0]
	w.inbox = w.inbox[1:]
	w.taken++
	switch {
	case hops == 0:
		f.pending--
	case hops == 1 && rapid.Bool().Draw(f.t, "hold"):
		w.held = append(w.held, hops-1)
	default:
		f.send(i, hops-1)
	}
}

func (f *flow) send(from, hops int) {
	f.workers[from].sent++
	f.wire = append(f.wire, parcel{rapid.IntRange(0, len(f.workers)-1).Draw(f.t, "to"), hops})
}

func (f *flow) ask(r round) (replies []reply) {
	for _, id := range r.workers {
		f.happen()
		for i, w := range f.workers {
			if w.id == id {
				replies = append(replies, f.reply(i, w, r))
			}
		}
	}
	return replies
}

func (f *flow) reply(i int, w *node, r round) reply {
	if w.stopped {
		return reply{worker: w.id, gone: true}
	}
	if rapid.IntRange(0, 9).Draw(f.t, "late") == 0 && r.verb == cluster.ControlStatus {
		return reply{worker: w.id}
	}
	switch r.verb {
	case cluster.ControlDeactivate:
		f.paused = true
	case cluster.ControlFinish:
		if r.request.Component == "hold" {
			for _, hops := range w.held {
				f.send(i, hops)
			}
			w.held = nil
		}
	case cluster.ControlStop:
		w.stopped = true
	}
	if i == 0 && r.verb != cluster.ControlStatus {
		f.orders = append(f.orders, r.verb+r.request.Component)
	}
	a := reply{worker: w.id, answered: true}
	a.Report.Progress = cluster.Progress{SourcesOver: f.paused, Quiet: len(w.inbox) == 0 && (i > 0 || f.paused), Holding: len(w.held) > 0, Sent: w.sent, Taken: w.taken}
	if i == 0 {
		if f.tracked {
			a.Report.Progress.Pending = f.pending
		}
	}
	return a
}

func held(workers int) (*cluster.Generation, *cluster.Definition) {
	g := &cluster.Generation{}
	for i := range workers {
		g.Workers = append(g.Workers, cluster.Worker{ID: string(rune('a' + i))})
	}
	d := &cluster.Definition{Components: []cluster.Component{
		{ID: "after", Inputs: []cluster.Input{{Component: "hold"}}},
		{ID: "hold", Inputs: []cluster.Input{{Component: "spout"}}},
		{ID: "spout", Spout: true},
	}}
	return g, d
}

func TestNothingIsUnderWayWhenWorkersAreStopped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, d := held(rapid.IntRange(1, 4).Draw(t, "workers"))
		f := &flow{t: t, tracked: rapid.Bool().Draw(t, "tracked")}
		for _, w := range g.Workers {
			f.workers = append(f.workers, &node{id: w.ID})
		}
		for range 5 {
			f.happen()
		}
		m, now := newDrainer(g, d, false), time.Now()
		var replies []reply
		for more := true; more; {
			var r round
			if r, more = m.next(now, replies, false); more {
				if r.verb == cluster.ControlStop {
					require.Empty(t, f.wire, "a parcel is lost")
					require.Zero(t, f.pending)
				}
				replies = f.ask(r)
				now = now.Add(r.pause)
			}
		}
		require.Equal(t, []string{"deactivate", "finishhold", "finishafter", "stop"}, f.orders)
	})
}

// script feeds a drainer of one worker with replies until it asks for the verb.
func script(t *testing.T, m *drainer, verb string, answer reply) (rounds int) {
	t.Helper()
	now := time.Now()
	replies := []reply(nil)
	for rounds = 1; rounds < 1000; rounds++ {
		r, more := m.next(now, replies, false)
		require.True(t, more)
		if r.verb == verb {
			return rounds
		}
		answer.worker = "a"
		replies = []reply{answer}
		now = now.Add(r.pause)
	}
	require.Fail(t, "it never asks for "+verb)
	return 0
}

func quiet(p cluster.Progress) reply {
	p.Quiet, p.SourcesOver = true, true
	r := reply{answered: true}
	r.Report.Progress = p
	return r
}

func TestADrainDoesNotWaitForWorkersThatAreGone(t *testing.T) {
	g, d := held(1)
	m := newDrainer(g, d, false)
	script(t, m, cluster.ControlStop, reply{gone: true})
}

// A drain in which b does not answer between two moments. It returns the orders that each worker has answered.
func drainWithout(t *testing.T, from, to time.Duration) map[string][]string {
	t.Helper()
	g, d := held(2)
	m, begin := newDrainer(g, d, false), time.Now()
	now, told := begin, map[string][]string{}
	var replies []reply
	for range 10_000 {
		r, more := m.next(now, replies, false)
		require.True(t, more)
		if r.verb == cluster.ControlStop {
			return told
		}
		now = now.Add(r.pause + time.Millisecond)
		replies = nil
		for _, w := range r.workers {
			answer := quiet(cluster.Progress{})
			if age := now.Sub(begin); w == "b" && age >= from && age < to {
				answer = reply{gone: true}
			} else if r.verb != cluster.ControlStatus {
				told[w] = append(told[w], r.verb+r.request.Component)
			}
			answer.worker = w
			replies = append(replies, answer)
		}
	}
	t.Fatal("the drain has no end")
	return nil
}

// After a restart of NATS workers may connect later than Nimbus, at any moment of the drain.
func TestADrainWaitsForWorkersThatConnectLate(t *testing.T) {
	all := []string{"deactivate", "finishhold", "finishafter"}
	rapid.Check(t, func(rt *rapid.T) {
		from := time.Duration(rapid.IntRange(0, 100).Draw(rt, "from")) * time.Millisecond
		away := time.Duration(rapid.IntRange(0, 1800).Draw(rt, "away")) * time.Millisecond
		told := drainWithout(t, from, from+away)
		require.Equal(rt, all, told["a"], "told once")
		require.Equal(rt, all, told["b"])
	})
}

// Who is back after it was given up has missed something: all is told again, and comes to rest again.
func TestADrainBeginsAgainForAWorkerThatIsBack(t *testing.T) {
	g, d := held(2)
	m, now := newDrainer(g, d, false), time.Now()
	m.stage, m.bolts = resting, nil
	a, b := quiet(cluster.Progress{Pending: 1}), reply{worker: "b", gone: true}
	a.worker = "a"
	m.next(now, []reply{a, b}, false)
	m.next(now.Add(awayTime), []reply{a, b}, false)
	require.Equal(t, []string{"a"}, m.there())
	r, _ := m.next(now.Add(awayTime), []reply{a, b}, false)
	require.Equal(t, []string{"a", "b"}, r.workers, "it is asked all the same")
	b = quiet(cluster.Progress{})
	b.worker = "b"
	r, more := m.next(now.Add(awayTime), []reply{a, b}, false)
	require.True(t, more)
	require.Equal(t, cluster.ControlDeactivate, r.verb)
	require.Equal(t, []string{"hold", "after"}, m.bolts)
	require.Equal(t, []string{"a", "b"}, m.there())
}

func TestADrainGoesOnThoughSumsCantMatch(t *testing.T) {
	g, d := held(1)
	m := newDrainer(g, d, false)
	strict := script(t, newDrainer(g, d, false), cluster.ControlStop, quiet(cluster.Progress{Sent: 5, Taken: 5}))
	loose := script(t, m, cluster.ControlStop, quiet(cluster.Progress{Sent: 5, Taken: 3}))
	require.Greater(t, loose, strict)
}

// What two workers say is not said at one moment: between their looks a tuple may have gone to and fro, so that the sums agree by chance.
// If they still agree at the next look, and are the same, nothing has moved.
func TestOneLookIsNotEnough(t *testing.T) {
	g, d := held(1)
	m := newDrainer(g, d, false)
	var replies []reply
	for i := range int64(200) {
		r, more := m.next(time.Now(), replies, false)
		require.True(t, more)
		require.NotEqual(t, cluster.ControlFinish, r.verb)
		answer := quiet(cluster.Progress{Sent: i, Taken: i})
		answer.worker = "a"
		replies = []reply{answer}
	}
}

func TestADrainWaitsForTreesThatNobodyHolds(t *testing.T) {
	g, d := held(1)
	m := newDrainer(g, d, false)
	var replies []reply
	for range 200 {
		r, more := m.next(time.Now(), replies, false)
		require.True(t, more)
		require.NotEqual(t, cluster.ControlFinish, r.verb)
		answer := quiet(cluster.Progress{Pending: 1})
		answer.worker = "a"
		replies = []reply{answer}
	}
	r, _ := m.next(time.Now(), replies, true)
	require.Equal(t, cluster.ControlStop, r.verb, "patience is over")
}

// A worker that was killed and started again as the drain began is told to drain before it has tasks: it will never have any. The trees that
// the other one has sent through it are pending for ever.
func TestADrainDoesNotWaitForTreesOfAWorkerThatBeganAnew(t *testing.T) {
	g, d := held(2)
	m, now := newDrainer(g, d, false), time.Now()
	waits := quiet(cluster.Progress{Pending: 1, Sent: 3})
	waits.worker = "a"
	blank := quiet(cluster.Progress{})
	blank.worker, blank.Report.Phase = "b", cluster.Standby
	var replies []reply
	for range 200 {
		r, more := m.next(now, replies, false)
		require.True(t, more)
		if r.verb == cluster.ControlStop {
			require.Equal(t, []string{"a", "b"}, r.workers)
			return
		}
		replies = []reply{waits, blank}
	}
	t.Fatal("the drain waits for what was lost")
}

func TestADrainOfEndedSourcesPausesNone(t *testing.T) {
	g, d := held(1)
	r, _ := newDrainer(g, d, true).next(time.Now(), nil, false)
	require.Equal(t, cluster.ControlStatus, r.verb)
}

func TestADrainWaitsForWorkersToLeaveButNotForEver(t *testing.T) {
	g, d := held(2)
	m, now := newDrainer(g, d, false), time.Now()
	r, more := m.next(now, nil, true)
	require.True(t, more)
	require.Equal(t, []string{"a", "b"}, r.workers)
	there, gone := reply{worker: "a", answered: true}, reply{worker: "b", gone: true}
	_, more = m.next(now, []reply{there, gone}, true) // the answers to stop
	require.True(t, more)
	_, more = m.next(now, []reply{there, gone}, true)
	require.True(t, more, "a is still there")
	stopped := there
	stopped.Report.Phase = cluster.Stopped
	_, more = m.next(now, []reply{stopped, gone}, true)
	require.False(t, more)
	_, more = m.next(now.Add(leaveTime), []reply{there, gone}, true)
	require.False(t, more, "a had its time")
}

func TestWhatWorkersCouldNotDoIsKept(t *testing.T) {
	g, d := held(1)
	m := newDrainer(g, d, false)
	for range 20 {
		m.next(time.Now(), []reply{{worker: "a", ControlReply: cluster.ControlReply{Error: "no disk"}}}, false)
	}
	require.Len(t, m.faults, maxFaults)
	require.Equal(t, "worker a: no disk", m.faults[0])
}

func TestBoltsFinishAfterThoseTheyReceiveFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "components")
		order := rapid.Permutation(letters(n)).Draw(t, "names") // the name of the i-th upstream
		d := &cluster.Definition{}
		inputs := map[string][]string{}
		for i := 1; i < n; i++ {
			inputs[order[i]] = rapid.SliceOfNDistinct(rapid.SampledFrom(order[:i]), 1, i, rapid.ID[string]).Draw(t, "inputs")
		}
		for _, id := range letters(n) {
			c := cluster.Component{ID: id, Spout: id == order[0]}
			for _, in := range inputs[id] {
				c.Inputs = append(c.Inputs, cluster.Input{Component: in})
			}
			d.Components = append(d.Components, c)
		}
		seen := map[string]bool{order[0]: true}
		for _, bolt := range boltsInOrder(d) {
			for _, in := range inputs[bolt] {
				require.True(t, seen[in], "%s finishes before %s", bolt, in)
			}
			seen[bolt] = true
		}
		require.Len(t, seen, n)
	})
}

func letters(n int) (all []string) {
	for i := range n {
		all = append(all, string(rune('a'+i)))
	}
	return all
}
