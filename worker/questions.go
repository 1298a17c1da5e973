package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/galestream/gale/topology"
)

// MaxAnswers is how many questions a worker answers at a time.
const MaxAnswers = 256

// What a question from outside may meet, besides the error of what answers it.
var (
	// ErrNoTask says that the task is not in this worker.
	ErrNoTask = errors.New("worker: the task is not here")
	// ErrNoEndpoint says that the task answers no questions of the name, or not yet.
	ErrNoEndpoint = errors.New("worker: the task serves no endpoint of the name")
	// ErrBusy says that the worker answers [MaxAnswers] questions already; this one was not asked.
	ErrBusy = errors.New("worker: it answers as many questions as it can at a time")
	// ErrUnanswered says that the task's instance ended while it answered: what it did is not known.
	ErrUnanswered = errors.New("worker: the task has ended while it answered")
)

// maxEndpoints is how many a task may have.
const maxEndpoints = 64

// questions are the endpoints of one task.
type questions struct {
	mu struct {
		sync.Mutex
		of    map[string]topology.Answer
		alive context.Context // of the instance; nil when there is none
		end   context.CancelFunc
	}
}

// answers are the questions that a worker is answering.
type answers struct {
	running sync.WaitGroup
	n       atomic.Int64
}

// open begins the time of an instance.
func (q *questions) open(ctx context.Context) {
	q.close()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mu.alive, q.mu.end = context.WithCancel(ctx)
}

// close ends it: its endpoints are gone, and nobody waits for what they still answer.
func (q *questions) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mu.end != nil {
		q.mu.end()
	}
	q.mu.of, q.mu.alive, q.mu.end = nil, nil, nil
}

func (q *questions) serve(endpoint string, f topology.Answer) error {
	if err := topology.CheckName(endpoint); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.mu.alive == nil:
		return fmt.Errorf("endpoint %q: the task has ended", endpoint)
	case q.mu.of[endpoint] == nil && len(q.mu.of) >= maxEndpoints:
		return fmt.Errorf("endpoint %q: the task has %d already", endpoint, maxEndpoints)
	case q.mu.of == nil:
		q.mu.of = map[string]topology.Answer{}
	}
	q.mu.of[endpoint] = f
	return nil
}

// Task returns the id of a component's task by its index; false when the topology has none such.
func (w *Worker) Task(component string, index int) (id topology.TaskID, ok bool) {
	tasks := w.topology.Tasks(component)
	if index < 0 || index >= len(tasks) {
		return 0, false
	}
	return tasks[index], true
}

// Ask asks a task of this worker a question, as [topology.Context.Serve] has it answered, and waits for that until ctx is done. It may be called from any
// goroutine while the worker runs. The error is [ErrNoTask], [ErrNoEndpoint] or [ErrBusy], with which nothing was asked; ctx's or [ErrUnanswered], with
// which the outcome is unknown; else that of what answers.
func (w *Worker) Ask(ctx context.Context, task topology.TaskID, endpoint string, request []byte) ([]byte, error) {
	t := w.taskHere(task)
	if t == nil {
		return nil, fmt.Errorf("%w: %d", ErrNoTask, task)
	}
	if len(request) > topology.MaxQuestion {
		return nil, fmt.Errorf("the question has %d bytes; it can have %d", len(request), topology.MaxQuestion)
	}
	f, alive, err := t.beginAnswer(endpoint)
	if err != nil {
		return nil, err
	}
	within, cancel := whileBoth(alive, ctx)
	defer cancel()
	answered := make(chan answer, 1)
	go func() {
		defer w.answers.end()
		body, err := t.answer(within, f, request)
		answered <- answer{body, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil && alive.Err() != nil {
			return nil, ErrUnanswered
		}
		return a.body, a.err
	case <-within.Done():
		if alive.Err() != nil {
			return nil, ErrUnanswered
		}
		return nil, cmp.Or(ctx.Err(), context.DeadlineExceeded)
	}
}

// whileBoth returns a context that is done when one of the two is. It is alive's child: it is done before the instance's Cleanup begins.
func whileBoth(alive, asking context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(alive)
	stop := context.AfterFunc(asking, func() { cancel(context.Cause(asking)) })
	at, ok := asking.Deadline()
	if !ok {
		return ctx, func() { stop(); cancel(nil) }
	}
	ctx, end := context.WithDeadline(ctx, at)
	return ctx, func() { stop(); end(); cancel(nil) }
}

type answer struct {
	body []byte
	err  error
}

// beginAnswer returns what answers, and counts it as begun while the instance can't end.
func (t *task) beginAnswer(endpoint string) (topology.Answer, context.Context, error) {
	q := &t.questions
	q.mu.Lock()
	defer q.mu.Unlock()
	f := q.mu.of[endpoint]
	if f == nil {
		return nil, nil, fmt.Errorf("%w: %s, %q", ErrNoEndpoint, t.name(), endpoint)
	}
	if !t.w.answers.begin() {
		return nil, nil, ErrBusy
	}
	return f, q.mu.alive, nil
}

func (a *answers) begin() bool {
	if a.n.Add(1) > MaxAnswers {
		a.n.Add(-1)
		return false
	}
	a.running.Add(1)
	return true
}

func (a *answers) end() {
	a.n.Add(-1)
	a.running.Done()
}

// answer calls what answers.
func (t *task) answer(ctx context.Context, f topology.Answer, request []byte) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError(t.name(), p)
			t.report(err)
		}
	}()
	if body, err = f(ctx, request); err == nil && len(body) > topology.MaxQuestion {
		return nil, fmt.Errorf("the answer has %d bytes; it can have %d", len(body), topology.MaxQuestion)
	}
	return body, err
}
