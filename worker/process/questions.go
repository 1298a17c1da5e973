package process

import (
	"context"
	"errors"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// hearQuestions takes questions of clients to the tasks, each on a goroutine of its own.
func (h *host) hearQuestions(ctx context.Context) (*nats.Subscription, error) {
	subject := cluster.QuestionSubject(h.spec.TopologyID, h.spec.Worker)
	return h.nc.Subscribe(subject, func(m *nats.Msg) { h.takeQuestion(ctx, m) })
}

// takeQuestion answers at once what is not for the tasks. Whoever has asked so that the answer would go elsewhere gets none.
func (h *host) takeQuestion(ctx context.Context, m *nats.Msg) {
	if !cluster.IsAnswerSubject(m.Reply, h.spec.TopologyID, h.spec.Worker) {
		h.log.Debug("a question was passed over, whose answer would go where none belongs", zap.String("reply", m.Reply))
		return
	}
	q, err := cluster.DecodeQuestion(m.Data)
	t := h.running()
	switch {
	case err != nil:
		h.reply(m, cluster.Answer{Outcome: cluster.Unreadable, Body: []byte(err.Error())})
	case t == nil || ctx.Err() != nil || h.currentPhase() == cluster.Opening:
		h.reply(m, cluster.Answer{Outcome: cluster.NotHere})
	case h.questions.Add(1) > worker.MaxAnswers:
		h.questions.Add(-1)
		h.reply(m, cluster.Answer{Outcome: cluster.Overloaded})
	default:
		h.owned.Go(func() {
			defer h.questions.Add(-1)
			h.answerQuestion(ctx, t.worker, m, &q)
		})
	}
}

// answerQuestion asks the task, as long as who asks waits.
func (h *host) answerQuestion(ctx context.Context, w *worker.Worker, m *nats.Msg, q *cluster.Question) {
	ctx, cancel := context.WithTimeout(ctx, q.Patience)
	defer cancel()
	task, ok := w.Task(q.Component, int(q.Index))
	if !ok {
		h.reply(m, cluster.Answer{Outcome: cluster.NotHere})
		return
	}
	body, err := w.Ask(ctx, task, q.Endpoint, q.Request)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return // nobody waits any more
	}
	h.reply(m, answerOf(body, err))
}

func answerOf(body []byte, err error) cluster.Answer {
	switch {
	case err == nil:
		return cluster.Answer{Outcome: cluster.Answered, Body: body}
	case errors.Is(err, worker.ErrNoTask):
		return cluster.Answer{Outcome: cluster.NotHere}
	case errors.Is(err, worker.ErrNoEndpoint):
		return cluster.Answer{Outcome: cluster.NoEndpoint}
	case errors.Is(err, worker.ErrBusy):
		return cluster.Answer{Outcome: cluster.Overloaded}
	case errors.Is(err, worker.ErrUnanswered), errors.Is(err, context.Canceled):
		return cluster.Answer{Outcome: cluster.Lost}
	}
	text := err.Error()
	return cluster.Answer{Outcome: cluster.Declined, Body: []byte(text[:min(len(text), maxRefusal)])}
}

// maxRefusal is how much of an error's text who asked is told, in bytes.
const maxRefusal = 16 << 10

// reply sends an answer. One that is more than NATS takes is an error for who asked.
func (h *host) reply(m *nats.Msg, a cluster.Answer) {
	if limit := int(h.nc.MaxPayload()) - messageRest; len(a.Body) > limit {
		a = cluster.Answer{Outcome: cluster.Declined, Body: []byte("the answer is larger than what NATS takes: raise max_payload in the configuration of the NATS server")}
	}
	if err := h.nc.Publish(m.Reply, a.Append(nil)); err != nil {
		h.log.Debug("a question could not be answered", zap.Error(err))
	}
}
