package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// oracle is a bolt that answers questions, and panics when a tuple comes.
type oracle struct {
	serve     func(tc *topology.Context) error
	answering context.Context // of an answer that runs; nil for none
}

func (o *oracle) Prepare(_ context.Context, tc *topology.Context) error { return o.serve(tc) }

// Cleanup requires that what still answers has been told of the end.
func (o *oracle) Cleanup() error {
	if o.answering != nil && o.answering.Err() == nil {
		return errors.New("an answer that runs was not told before Cleanup")
	}
	return nil
}

func (o *oracle) Execute(context.Context, *topology.Tuple, *topology.Collector) error {
	panic("a tuple")
}

// asked runs a topology of a bolt of two tasks that serves what the test says, and returns its worker when it runs.
func asked(t *testing.T, serve func(tc *topology.Context) error) (w *worker.Worker, end func() error) {
	t.Helper()
	w = makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", topology.SpoutFunc(idleNext)).Emits("n")
		b.Bolt("oracle", func() topology.Bolt { return &oracle{serve: serve} }).Parallelism(2).Shuffle("src")
	})
	cancel, result := background(t, w)
	waitFor(t, func() bool { return w.Snapshot().State == "running" })
	return w, func() error { cancel(); return await(t, result, "the run's end") }
}

func TestQuestionsAreAnswered(t *testing.T) {
	w, end := asked(t, func(tc *topology.Context) error {
		return errors.Join(
			tc.Serve("echo", func(_ context.Context, request []byte) ([]byte, error) {
				return fmt.Appendf(nil, "%d: %s", tc.Index, request), nil
			}),
			tc.Serve("refuse", func(context.Context, []byte) ([]byte, error) { return nil, errRefused }),
			tc.Serve("panic", func(context.Context, []byte) ([]byte, error) { panic("in an answer") }),
			tc.Serve("size", func(_ context.Context, request []byte) ([]byte, error) {
				return make([]byte, len(request)+int(request[0])), nil
			}),
			tc.Serve("changed", func(context.Context, []byte) ([]byte, error) { return []byte("first"), nil }),
			tc.Serve("changed", func(context.Context, []byte) ([]byte, error) { return []byte("second"), nil }))
	})
	one, _ := w.Task("oracle", 1)
	ask := func(task topology.TaskID, endpoint string, request []byte) (string, error) {
		body, err := w.Ask(t.Context(), task, endpoint, request)
		return string(body), err
	}
	body, err := ask(one, "echo", []byte("what?"))
	require.NoError(t, err)
	require.Equal(t, "1: what?", body)
	body, err = ask(one, "changed", nil)
	require.NoError(t, err)
	require.Equal(t, "second", body)

	_, err = ask(one, "refuse", nil)
	require.Equal(t, errRefused, err)
	_, err = ask(one, "panic", nil)
	require.ErrorContains(t, err, "oracle[1]: panic: in an answer")
	require.Len(t, errorsOf(w, "oracle"), 1)

	largest := make([]byte, topology.MaxQuestion)
	body, err = ask(one, "size", largest)
	require.NoError(t, err)
	require.Len(t, body, topology.MaxQuestion)
	largest[0] = 1
	_, err = ask(one, "size", largest)
	require.EqualError(t, err, "the answer has 524289 bytes; it can have 524288")
	_, err = ask(one, "size", append(largest, 0))
	require.EqualError(t, err, "the question has 524289 bytes; it can have 524288")

	_, err = ask(one, "none", nil)
	require.ErrorIs(t, err, worker.ErrNoEndpoint)
	src, _ := w.Task("src", 0)
	_, err = ask(src, "echo", nil)
	require.ErrorIs(t, err, worker.ErrNoEndpoint)
	for _, task := range []topology.TaskID{0, 4, 1 << 31} {
		_, err = ask(task, "echo", nil)
		require.ErrorIs(t, err, worker.ErrNoTask)
	}
	for _, no := range []int{-1, 2} {
		_, ok := w.Task("oracle", no)
		require.False(t, ok)
	}
	require.NoError(t, end())
	_, err = ask(one, "echo", nil)
	require.ErrorIs(t, err, worker.ErrNoEndpoint, "the task has ended")
}

// Who no longer waits gets its context's error, and the answer that is not there yet keeps its place among those that run at a time.
func TestQuestionsAreBounded(t *testing.T) {
	begun, release := make(chan struct{}, worker.MaxAnswers), make(chan struct{})
	w, end := asked(t, func(tc *topology.Context) error {
		return tc.Serve("hangs", func(context.Context, []byte) ([]byte, error) {
			begun <- struct{}{}
			<-release
			return nil, nil
		})
	})
	zero, _ := w.Task("oracle", 0)
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, worker.MaxAnswers)
	for range worker.MaxAnswers {
		go func() {
			_, err := w.Ask(ctx, zero, "hangs", nil)
			results <- err
		}()
	}
	for range worker.MaxAnswers {
		await(t, begun, "an answer to begin")
	}
	_, err := w.Ask(t.Context(), zero, "hangs", nil)
	require.ErrorIs(t, err, worker.ErrBusy)
	cancel()
	for range worker.MaxAnswers {
		require.ErrorIs(t, await(t, results, "who asked"), context.Canceled)
	}
	_, err = w.Ask(t.Context(), zero, "hangs", nil)
	require.ErrorIs(t, err, worker.ErrBusy, "they run still")
	close(release)
	waitFor(t, func() bool {
		_, err := w.Ask(t.Context(), zero, "hangs", nil)
		return err == nil
	})
	require.NoError(t, end())
}

// When the task ends, what it answers is told so, and who asked hears that the outcome is unknown. The run waits for
// what runs still.
func TestQuestionsEndWithTheTask(t *testing.T) {
	begun := make(chan struct{})
	returned := false
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", topology.SpoutFunc(idleNext)).Emits("n")
		b.Bolt("oracle", func() topology.Bolt {
			o := &oracle{}
			o.serve = func(tc *topology.Context) error {
				return tc.Serve("waits", func(ctx context.Context, _ []byte) ([]byte, error) {
					o.answering = ctx
					close(begun)
					<-ctx.Done()
					returned = true
					return nil, ctx.Err()
				})
			}
			return o
		}).Shuffle("src")
	})
	cancel, stopped := background(t, w)
	end := func() error { cancel(); return await(t, stopped, "the run's end") }
	waitFor(t, func() bool { return w.Snapshot().State == "running" })
	zero, _ := w.Task("oracle", 0)
	result := make(chan error, 1)
	go func() {
		_, err := w.Ask(context.Background(), zero, "waits", nil)
		result <- err
	}()
	await(t, begun, "the answer to begin")
	require.NoError(t, end())
	require.Empty(t, errorsOf(w, "oracle"))
	require.True(t, returned)
	require.Equal(t, worker.ErrUnanswered, await(t, result, "who asked"))
}

// An answer that doesn't end with its context is named as what was left behind.
func TestAnAnswerThatIsStuck(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	w, end := asked(t, func(tc *topology.Context) error {
		return tc.Serve("hangs", func(context.Context, []byte) ([]byte, error) {
			close(begun)
			<-release
			return nil, nil
		})
	})
	zero, _ := w.Task("oracle", 0)
	result := make(chan error, 1)
	go func() {
		_, err := w.Ask(context.Background(), zero, "hangs", nil)
		result <- err
	}()
	await(t, begun, "the answer to begin")
	var stuck *worker.StuckError
	require.ErrorAs(t, end(), &stuck)
	require.Equal(t, []string{"1 answers to questions"}, stuck.Tasks)
	require.Equal(t, worker.ErrUnanswered, await(t, result, "who asked"))
	close(release)
}

// An instance that is replaced answers no more; the new one does when it has said so.
func TestQuestionsGoToTheNewInstance(t *testing.T) {
	instances, prepare := 0, make(chan struct{})
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("oracle", func() topology.Bolt {
			return &oracle{serve: func(tc *topology.Context) error {
				instances++
				me := instances
				if me == 2 {
					<-prepare
					return errRefused
				}
				return tc.Serve("who", func(context.Context, []byte) ([]byte, error) { return []byte{byte(me)}, nil })
			}}
		}).Shuffle("src")
		b.Spout("idle", topology.SpoutFunc(idleNext)).Emits("n")
	})
	_, result := background(t, w)
	id, _ := w.Task("oracle", 0)
	who := func() (byte, error) {
		body, err := w.Ask(t.Context(), id, "who", nil)
		return append(body, 0)[0], err
	}
	waitFor(t, func() bool {
		_, err := who()
		return errors.Is(err, worker.ErrNoEndpoint) && of(t, w, "oracle").Restarted == 1
	})
	close(prepare)
	waitFor(t, func() bool { n, err := who(); return err == nil && n == 3 })
	require.Empty(t, result)
}

func TestServeRefuses(t *testing.T) {
	var later *topology.Context
	answer := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	_, end := asked(t, func(tc *topology.Context) error {
		if tc.Index == 0 {
			later = tc
		}
		for i := range 64 {
			if err := tc.Serve(fmt.Sprint(i), answer); err != nil {
				return err
			}
		}
		if err := tc.Serve("63", answer); err != nil {
			return err
		}
		for name, want := range map[string]string{"64": "the task has 64 already", "a b": "must match", strings.Repeat("x", 129): "must match"} {
			if err := tc.Serve(name, answer); err == nil || !strings.Contains(err.Error(), want) {
				return fmt.Errorf("%q: %w", name, err)
			}
		}
		return nil
	})
	require.NoError(t, end())
	require.ErrorContains(t, later.Serve("late", answer), `endpoint "late": the task has ended`)
}

// Questions are answered in a topology that is stepped, too.
func TestQuestionsToAStepper(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Spout("src", newSource(0).factory).Emits("n")
	b.Bolt("oracle", func() topology.Bolt {
		return &oracle{serve: func(tc *topology.Context) error {
			return tc.Serve("upper", func(_ context.Context, request []byte) ([]byte, error) { return bytes.ToUpper(request), nil })
		}}
	}).Shuffle("src")
	topo, err := b.Build()
	require.NoError(t, err)
	s, err := worker.NewStepper(topo, worker.Options{}, time.Unix(0, 0), worker.Faults{})
	require.NoError(t, err)
	require.NoError(t, s.Start())
	body, err := s.Ask(t.Context(), topo.Tasks("oracle")[0], "upper", []byte("a"))
	require.NoError(t, err)
	require.Equal(t, "A", string(body))
	require.NoError(t, s.Stop())
}

// While an instance that has panicked, or has failed to prepare itself, waits to be replaced, nothing is answered by it.
func TestNoQuestionsBetweenInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		instances := 0
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", newSource(2).factory).Emits("n")
			b.Bolt("oracle", func() topology.Bolt {
				return &oracle{serve: func(tc *topology.Context) error {
					instances++
					err := tc.Serve("who", func(context.Context, []byte) ([]byte, error) { return nil, nil })
					if instances == 3 {
						err = errRefused
					}
					return err
				}}
			}).Shuffle("src")
			b.Spout("idle", topology.SpoutFunc(idleNext)).Emits("n")
		})
		cancel, result := background(t, w)
		id, _ := w.Task("oracle", 0)
		who := func() error { _, err := w.Ask(t.Context(), id, "who", nil); return err }
		synctest.Wait()
		require.Equal(t, 2, instances, "the second has panicked, and it waits for 10 ms")
		require.ErrorIs(t, who(), worker.ErrNoEndpoint)
		time.Sleep(15 * time.Millisecond) // of the bubble's time
		synctest.Wait()
		require.Equal(t, 3, instances, "the third could not prepare itself, and it waits for 20 ms")
		require.ErrorIs(t, who(), worker.ErrNoEndpoint)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 4, instances)
		require.NoError(t, who())
		cancel()
		require.NoError(t, <-result)
	})
}
