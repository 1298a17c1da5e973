package client

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
)

// asker sends questions to workers. All answers come to one subscription, which the first question makes.
type asker struct {
	nc   *nats.Conn
	name string // of this client, in the subjects of answers
	mu   struct {
		sync.Mutex
		sub     *nats.Subscription // nil before the first question
		closed  bool
		last    uint64
		waiting map[string]chan *nats.Msg // by the subject of the answer; each has room for it
	}
}

func newAsker(nc *nats.Conn) *asker {
	a := &asker{nc: nc, name: nats.NewInbox()[len(nats.InboxPrefix):]}
	a.mu.waiting = map[string]chan *nats.Msg{}
	return a
}

// maxWaiting is how many questions of one client may be under way.
const maxWaiting = 1 << 16

// ask sends a question to a worker and waits for the answer as long as ctx lasts. The error is [nats.ErrNoResponders] when the worker isn't
// there, ctx's or errClosed when the outcome is unknown.
func (a *asker) ask(ctx context.Context, topology, worker string, q *cluster.Question) (*nats.Msg, error) {
	reply, answer, err := a.expect(topology, worker)
	if err != nil {
		return nil, err
	}
	defer a.forget(reply)
	m := &nats.Msg{Subject: cluster.QuestionSubject(topology, worker), Reply: reply, Data: q.Append(nil)}
	if err := a.nc.PublishMsg(m); err != nil {
		return nil, err
	}
	select {
	case m, open := <-answer:
		switch {
		case !open:
			return nil, errClosed
		case len(m.Data) == 0 && m.Header.Get("Status") == noResponders:
			return nil, nats.ErrNoResponders
		}
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// errClosed says that the client was closed while an answer was waited for.
var errClosed = errors.New("the client was closed")

// noResponders is the status of the message with which NATS says that nobody has subscribed.
const noResponders = "503"

// expect returns a subject for an answer, and where that will come.
func (a *asker) expect(topology, worker string) (reply string, answer chan *nats.Msg, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.mu.closed:
		return "", nil, nats.ErrConnectionClosed
	case len(a.mu.waiting) >= maxWaiting:
		return "", nil, cluster.Errorf(cluster.Busy, "%d questions of this client are under way", maxWaiting).WithHint("ask fewer at a time")
	case a.mu.sub == nil:
		if a.mu.sub, err = a.nc.Subscribe(cluster.AnswerSubject("*", "*", a.name, "*"), a.take); err != nil {
			return "", nil, err
		}
	}
	a.mu.last++
	reply, answer = cluster.AnswerSubject(topology, worker, a.name, strconv.FormatUint(a.mu.last, 36)), make(chan *nats.Msg, 1)
	a.mu.waiting[reply] = answer
	return reply, answer, nil
}

// take gives an answer to who waits for it. The subject says which worker it is from: no other may publish there.
func (a *asker) take(m *nats.Msg) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer := a.mu.waiting[m.Subject]; answer != nil {
		delete(a.mu.waiting, m.Subject)
		answer <- m
	}
}

func (a *asker) forget(reply string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.mu.waiting, reply)
}

// close ends the subscription; who waits gets an error.
func (a *asker) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.closed = true
	for _, answer := range a.mu.waiting {
		close(answer)
	}
	clear(a.mu.waiting)
	if a.mu.sub != nil {
		_ = a.mu.sub.Unsubscribe() // it fails when the connection is closed, and the subscription with it
	}
}
