package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// questioned is a topology "words" of the fake's, whose workers the test says.
type questioned struct {
	*fake
	t         *testing.T
	described atomic.Int64
	mu        sync.Mutex
	d         cluster.Description
}

func startQuestioned(t *testing.T) *questioned {
	t.Helper()
	f := &questioned{fake: startFake(t), t: t}
	f.lead(t)
	on(f.fake, cluster.VerbDescribe, func(r cluster.NameRequest) (any, error) {
		f.described.Add(1)
		f.mu.Lock()
		defer f.mu.Unlock()
		if r.Name != "words" {
			return nil, cluster.Errorf(cluster.NotFound, "there is no topology %q", r.Name)
		}
		return f.d, nil
	})
	f.place("T", 1, map[string][]int{"W1": {0, 1}, "W2": {2}})
	return f
}

// place has Nimbus say which worker has which tasks of "count".
func (f *questioned) place(id string, generation int, tasks map[string][]int) {
	d := cluster.Description{Summary: cluster.Summary{Name: "words", ID: id, Generation: generation}, Parallelism: map[string]int{"count": 3, "lines": 1}}
	d.Definition.Components = []cluster.Component{{ID: "count"}, {ID: "lines"}}
	for id, indices := range tasks {
		d.Workers = append(d.Workers, cluster.WorkerStatus{ID: id, Generation: generation, Tasks: map[string]int{"count": len(indices)}})
		r := cluster.Report{Worker: id, Generation: generation}
		for _, i := range indices {
			r.Snapshot.Tasks = append(r.Snapshot.Tasks, worker.TaskSnapshot{Component: "count", Index: i})
		}
		d.Reports = append(d.Reports, r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.d = d
}

// serve is a worker that answers as the test says, until the returned function is called.
func (f *questioned) serve(id, worker string, answer func(q cluster.Question) cluster.Answer) (end func()) {
	f.t.Helper()
	sub, err := f.nc.Subscribe(cluster.QuestionSubject(id, worker), func(m *nats.Msg) {
		q, err := cluster.DecodeQuestion(m.Data)
		if err != nil || !cluster.IsAnswerSubject(m.Reply, id, worker) {
			f.t.Errorf("a question that can't be answered on %q: %v", m.Reply, err)
		}
		a := answer(q)
		if a.Outcome != 0 {
			err = f.nc.Publish(m.Reply, a.Append(nil))
		}
		if err != nil {
			f.t.Error(err)
		}
	})
	require.NoError(f.t, err)
	require.NoError(f.t, f.nc.Flush())
	return func() {
		require.NoError(f.t, sub.Unsubscribe())
		require.NoError(f.t, f.nc.Flush())
	}
}

func says(who string) func(q cluster.Question) cluster.Answer {
	return func(q cluster.Question) cluster.Answer {
		return cluster.Answer{Outcome: cluster.Answered, Body: fmt.Appendf(nil, "%s of %s[%d] %s: %s", who, q.Component, q.Index, q.Endpoint, q.Request)}
	}
}

func here(tasks ...uint32) func(q cluster.Question) cluster.Answer {
	return func(q cluster.Question) cluster.Answer {
		for _, i := range tasks {
			if i == q.Index {
				return cluster.Answer{Outcome: cluster.Answered}
			}
		}
		return cluster.Answer{Outcome: cluster.NotHere}
	}
}

func TestAskFindsTheWorkerOnce(t *testing.T) {
	f := startQuestioned(t)
	f.serve("T", "W1", says("W1"))
	f.serve("T", "W2", says("W2"))
	c := f.client(t)
	for range 10 {
		body, err := c.Ask(t.Context(), "words", "count", 1, "get", []byte("a"))
		require.NoError(t, err)
		require.Equal(t, "W1 of count[1] get: a", string(body))
		body, err = c.Ask(t.Context(), "words", "count", 2, "get", []byte("b"))
		require.NoError(t, err)
		require.Equal(t, "W2 of count[2] get: b", string(body))
	}
	n, err := c.Parallelism(t.Context(), "words", "count")
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.EqualValues(t, 1, f.described.Load())
}

// Many who ask at once get each its own answer, over one subscription, and Nimbus is asked once.
func TestAskFromManyGoroutines(t *testing.T) {
	f := startQuestioned(t)
	f.serve("T", "W1", says("W1"))
	f.serve("T", "W2", says("W2"))
	c := f.client(t)
	var asking sync.WaitGroup
	for i := range 50 {
		asking.Go(func() {
			for j := range 100 {
				who := []string{"W1", "W1", "W2"}[j%3]
				body, err := c.Ask(t.Context(), "words", "count", j%3, "get", fmt.Append(nil, i, j))
				if want := fmt.Sprintf("%s of count[%d] get: %d %d", who, j%3, i, j); err != nil || string(body) != want {
					t.Errorf("%q instead of %q: %v", body, want, err)
					return
				}
			}
		})
	}
	asking.Wait()
	require.EqualValues(t, 1, f.described.Load())
	require.Equal(t, 1, c.nc.NumSubscriptions()-muxes(c))
	require.Empty(t, c.asker.mu.waiting)
}

// muxes is how many subscriptions a connection has for its requests to Nimbus.
func muxes(*Client) int { return 1 }

// A task whose worker is gone, or says that it has no such task, is looked for again.
func TestAskLooksAgain(t *testing.T) {
	f := startQuestioned(t)
	end := f.serve("T", "W1", here(0, 1))
	c := f.client(t)
	_, err := c.Ask(t.Context(), "words", "count", 0, "get", nil)
	require.NoError(t, err)
	end()
	f.place("T", 1, map[string][]int{"W3": {0, 1}, "W2": {2}})
	f.serve("T", "W3", here(0))
	_, err = c.Ask(t.Context(), "words", "count", 0, "get", nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, f.described.Load())

	f.place("T2", 1, map[string][]int{"W4": {0, 1, 2}})
	f.serve("T2", "W4", here(1))
	_, err = c.Ask(t.Context(), "words", "count", 1, "get", nil)
	require.NoError(t, err)
	require.EqualValues(t, 3, f.described.Load())
}

// A worker whose report is without figures is found by asking all that have such tasks; and is remembered.
func TestAskWithoutReports(t *testing.T) {
	f := startQuestioned(t)
	f.mu.Lock()
	f.d.Reports = nil
	f.mu.Unlock()
	var asked atomic.Int64
	counted := func(answer func(cluster.Question) cluster.Answer) func(cluster.Question) cluster.Answer {
		return func(q cluster.Question) cluster.Answer { asked.Add(1); return answer(q) }
	}
	f.serve("T", "W1", counted(here(0, 1)))
	f.serve("T", "W2", counted(here(2)))
	c := f.client(t)
	for range 5 {
		for i := range 3 {
			_, err := c.Ask(t.Context(), "words", "count", i, "get", nil)
			require.NoError(t, err)
		}
	}
	require.LessOrEqual(t, asked.Load(), int64(15+3))
	require.EqualValues(t, 1, f.described.Load())
}

func TestAskWaitsForTheTask(t *testing.T) {
	f := startQuestioned(t)
	c := f.client(t)
	c.patience = deadline
	go func() {
		for f.described.Load() < 3 {
			if !sleep(t.Context(), time.Millisecond) {
				return
			}
		}
		f.serve("T", "W1", here(0))
	}()
	_, err := c.Ask(t.Context(), "words", "count", 0, "get", nil)
	require.NoError(t, err)
}

// What went wrong has a code that says whether anything was done.
func TestAskFails(t *testing.T) {
	f := startQuestioned(t)
	var outcome atomic.Int64
	f.serve("T", "W1", func(q cluster.Question) cluster.Answer {
		return cluster.Answer{Outcome: cluster.Outcome(outcome.Load()), Body: []byte("because")}
	})
	c := f.client(t)
	c.patience, c.answer = 300*time.Millisecond, 300*time.Millisecond
	ask := func(ctx context.Context, component string, index int) error {
		_, err := c.Ask(ctx, "words", component, index, "get", nil)
		return err
	}
	for o, want := range map[cluster.Outcome]struct {
		code cluster.Code
		text string
	}{
		0:                  {cluster.Timeout, `count[0] has not answered "get" in time: what was asked may have been done, or may still be`},
		cluster.Declined:   {cluster.Refused, "because"},
		cluster.NotHere:    {cluster.Unavailable, `count[0] of topology "words" runs nowhere now`},
		cluster.NoEndpoint: {cluster.NotFound, `count[0] of topology "words" answers no questions of the name "get", or not yet`},
		cluster.Overloaded: {cluster.Busy, "the worker of count[0] answers as many questions as it can at a time"},
		cluster.Lost:       {cluster.Timeout, `count[0] has ended while it answered "get": what was asked may have been done, or may still be`},
		cluster.Unreadable: {cluster.Internal, "the worker of count[0] can't read the question: because"},
	} {
		outcome.Store(int64(o))
		err := ask(t.Context(), "count", 0)
		require.EqualError(t, err, want.text)
		require.Equal(t, want.code, cluster.CodeOf(err))
		var e *cluster.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, o == cluster.Declined || o == cluster.NoEndpoint, e.Hint == "", "%v", e)
	}
	for name, err := range map[string]error{
		`topology "words" has no component "cuont"`:                                ask(t.Context(), "cuont", 0),
		`component "count" of topology "words" has 3 tasks; there is no count[3]`:  ask(t.Context(), "count", 3),
		`component "count" of topology "words" has 3 tasks; there is no count[-1]`: ask(t.Context(), "count", -1),
	} {
		require.EqualError(t, err, name)
		require.Equal(t, cluster.NotFound, cluster.CodeOf(err))
	}
	_, err := c.Ask(t.Context(), "nonsense", "count", 0, "get", nil)
	require.Equal(t, cluster.NotFound, cluster.CodeOf(err))
	_, err = c.Ask(t.Context(), "words", "count", 0, "get", make([]byte, cluster.MaxQuestion+1))
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err))

	outcome.Store(0)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = ask(ctx, "count", 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, cluster.Timeout, cluster.CodeOf(err), "the outcome is unknown")
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, ask(ctx, "count", 0))
}

// The worker is told how long it is waited for, so that it gives up when the client has.
func TestAskBearsItsDeadline(t *testing.T) {
	f := startQuestioned(t)
	patience := make(chan time.Duration, 2)
	f.serve("T", "W1", func(q cluster.Question) cluster.Answer {
		patience <- q.Patience
		return cluster.Answer{Outcome: cluster.Answered, Body: bytes.Repeat([]byte{7}, cluster.MaxQuestion)}
	})
	c := f.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for i, ctx := range []context.Context{ctx, t.Context()} {
		body, err := c.Ask(ctx, "words", "count", 0, "get", make([]byte, cluster.MaxQuestion))
		require.NoError(t, err)
		require.Len(t, body, cluster.MaxQuestion)
		limit := []time.Duration{deadline, answer}[i]
		require.InDelta(t, limit.Seconds(), (<-patience).Seconds(), limit.Seconds()/2)
	}
}

// Close ends what is being asked, also on a connection that isn't the client's own.
func TestCloseEndsQuestions(t *testing.T) {
	f := startQuestioned(t)
	nc, err := nats.Connect(f.url)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	c, begun, result := New(nc), make(chan struct{}), make(chan error, 1)
	f.serve("T", "W1", func(cluster.Question) cluster.Answer { close(begun); return cluster.Answer{} })
	go func() {
		_, err := c.Ask(t.Context(), "words", "count", 0, "get", nil)
		result <- err
	}()
	<-begun
	c.Close()
	err = <-result
	require.Equal(t, cluster.Timeout, cluster.CodeOf(err), "it was sent: the outcome is unknown")
	require.Equal(t, muxes(c), nc.NumSubscriptions())
	_, err = c.Ask(t.Context(), "words", "count", 0, "get", nil)
	require.Equal(t, cluster.Unavailable, cluster.CodeOf(err))
	require.False(t, errors.Is(err, errNotThere))
}
