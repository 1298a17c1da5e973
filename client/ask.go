package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
)

// Ask asks the index-th task (from 0) of a component a question, which what its code serves under the name of the endpoint
// (Context.Serve of package topology) answers. It asks the task's worker directly, which it has from Nimbus once; when the task is not found
// there it looks again, for 5 s at most. request and answer have at most [cluster.MaxQuestion] bytes. Without a deadline of
// ctx an answer is waited for 5 s.
//
// The codes of errors: NotFound: there is no such topology, component, task or endpoint. Refused: the component's code returned an
// error, whose text is the message. Busy: the worker answers as many questions as it can. Unavailable: the task runs
// nowhere now. Invalid: the request is too long. With these nothing was done, but by what refused. Timeout: the outcome is
// unknown; when ctx's deadline was the reason the error is [context.DeadlineExceeded], too.
func (c *Client) Ask(ctx context.Context, topo, component string, index int, endpoint string, request []byte) ([]byte, error) {
	if len(request) > cluster.MaxQuestion {
		return nil, cluster.Errorf(cluster.Invalid, "the question has %d bytes; it can have %d", len(request), cluster.MaxQuestion)
	}
	q := &question{c: c, topology: topo, at: place{component, index}, endpoint: endpoint, request: request, sheet: c.atlas.sheet(topo)}
	patience, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for {
		body, err := q.try(ctx, patience)
		if !errors.Is(err, errNotThere) {
			return body, err
		}
		if !sleep(patience, c.pause) {
			return nil, q.nowhere(ctx)
		}
	}
}

// Parallelism returns how many tasks a component has, as was known when its topology was last looked up: it need not ask Nimbus.
func (c *Client) Parallelism(ctx context.Context, topo, component string) (int, error) {
	q := &question{c: c, topology: topo, at: place{component, 0}, sheet: c.atlas.sheet(topo)}
	w, err := q.lookup(ctx)
	if err != nil {
		return 0, err
	}
	return w.parallelism[component], nil
}

// question is one that is being asked.
type question struct {
	c        *Client
	topology string
	at       place
	endpoint string
	request  []byte
	sheet    *sheet
	stale    *whereabouts // what was tried in vain
}

// errNotThere says that no worker was found that has the task: nothing was asked.
var errNotThere = errors.New("the task was not found")

// try asks the workers that may have the task, one after the other, until one has it.
func (q *question) try(ctx, patience context.Context) ([]byte, error) {
	w, err := q.lookup(patience)
	if err != nil {
		if patience.Err() != nil && ctx.Err() == nil {
			return nil, q.nowhere(ctx)
		}
		return nil, err
	}
	ids := w.workersOf(q.at)
	if _, found := q.c.atlas.known(q.sheet, q.at); found != "" {
		ids = slices.Insert(slices.DeleteFunc(ids, func(id string) bool { return id == found }), 0, found)
	}
	for _, id := range ids {
		body, err := q.ask(ctx, w.id, id)
		if errors.Is(err, errNotThere) {
			continue
		}
		if id != ids[0] || w.of[q.at] != id {
			q.c.atlas.note(q.sheet, w, q.at, id)
		}
		return body, err
	}
	q.stale = w
	return nil, errNotThere
}

// lookup returns where the topology's tasks are, if it has the one that is asked.
func (q *question) lookup(ctx context.Context) (w *whereabouts, err error) {
	w, _ = q.c.atlas.known(q.sheet, q.at)
	if w == nil || w == q.stale || q.unknown(w) != nil {
		if w, err = q.c.lookup(ctx, q.topology, q.sheet, w); err != nil {
			return nil, err
		}
	}
	if err := q.unknown(w); err != nil {
		return nil, err
	}
	return w, nil
}

// unknown returns an error when the topology has no such task.
func (q *question) unknown(w *whereabouts) error {
	n, known := w.parallelism[q.at.component]
	switch {
	case !known:
		return cluster.Errorf(cluster.NotFound, "topology %q has no component %q", q.topology, q.at.component).WithHint("it has %s", strings.Join(w.components, ", "))
	case q.at.index < 0 || q.at.index >= n:
		return cluster.Errorf(cluster.NotFound, "component %q of topology %q has %d tasks; there is no %s[%d]", q.at.component, q.topology, n, q.at.component, q.at.index)
	}
	return nil
}

func (q *question) task() string { return fmt.Sprintf("%s[%d]", q.at.component, q.at.index) }

func (q *question) nowhere(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return cluster.Errorf(cluster.Unavailable, "%s of topology %q runs nowhere now", q.task(), q.topology).WithHint("see what it is at: `gale describe %s`", q.topology)
}

// ask asks one worker.
func (q *question) ask(ctx context.Context, id, worker string) ([]byte, error) {
	limited := ctx
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, q.c.answer)
		defer cancel()
	}
	deadline, _ := limited.Deadline()
	m, err := q.c.asker.ask(limited, id, worker, &cluster.Question{
		Component: q.at.component, Index: uint32(q.at.index), Endpoint: q.endpoint, Patience: time.Until(deadline), Request: q.request,
	})
	if err != nil {
		return nil, q.explain(ctx, limited, err, cluster.QuestionSubject(id, worker))
	}
	a, err := cluster.DecodeAnswer(m.Data)
	if err != nil {
		return nil, cluster.Errorf(cluster.Internal, "the answer of %s can't be read: %v", q.task(), err)
	}
	return q.outcome(a)
}

// explain says what it means that there was no answer.
func (q *question) explain(ctx, limited context.Context, err error, subject string) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return errNotThere
	case errors.As(err, new(*cluster.Error)):
		return err
	case errors.Is(err, nats.ErrMaxPayload):
		return cluster.Errorf(cluster.Invalid, "the question has %d bytes, which is more than NATS takes", len(q.request)).WithHint("raise max_payload in the configuration of the NATS server")
	case errors.Is(err, errClosed):
		return q.unanswered("the client was closed before %s had answered %q", q.task(), q.endpoint)
	case limited.Err() == nil:
		return cluster.Errorf(cluster.Unavailable, "asking %s: %v", q.task(), err)
	case q.c.denied(subject) || q.c.denied(cluster.AnswerSubject("*", "*", q.c.asker.name, "*")):
		return cluster.Errorf(cluster.Unauthorized, "these credentials are not for this: they don't allow questions to tasks").WithHint(otherCredentials)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	unknown := q.unanswered("%s has not answered %q in time", q.task(), q.endpoint)
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", unknown, ctx.Err())
	}
	return unknown
}

func (q *question) unanswered(format string, args ...any) *cluster.Error {
	return cluster.Errorf(cluster.Timeout, format+": what was asked may have been done, or may still be", args...).WithHint("ask again, if it may be done twice")
}

// outcome returns what the worker has said.
func (q *question) outcome(a cluster.Answer) ([]byte, error) {
	switch a.Outcome {
	case cluster.Answered:
		return a.Body, nil
	case cluster.Declined:
		return nil, cluster.Errorf(cluster.Refused, "%s", a.Body)
	case cluster.NotHere:
		return nil, errNotThere
	case cluster.NoEndpoint:
		return nil, cluster.Errorf(cluster.NotFound, "%s of topology %q answers no questions of the name %q, or not yet", q.task(), q.topology, q.endpoint)
	case cluster.Overloaded:
		return nil, cluster.Errorf(cluster.Busy, "the worker of %s answers as many questions as it can at a time", q.task()).WithHint("ask again in a moment, or fewer at a time")
	case cluster.Lost:
		return nil, q.unanswered("%s has ended while it answered %q", q.task(), q.endpoint)
	}
	return nil, cluster.Errorf(cluster.Internal, "the worker of %s can't read the question: %s", q.task(), a.Body).WithHint("`gale version` shows this program's version of Gale, `gale describe` that of the topology")
}
