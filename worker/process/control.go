package process

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// order is a request of Nimbus that takes time.
type order struct {
	verb    string
	request cluster.ControlRequest
	m       *nats.Msg
}

const (
	maxOrders    = 16               // that wait; more are refused
	orderTimeout = 10 * time.Second // for tasks to do what is asked
)

// listen takes requests of Nimbus.
func (h *host) listen(ctx context.Context) (*nats.Subscription, error) {
	subject := cluster.ControlSubject(h.spec.TopologyID, h.spec.Worker, "*")
	return h.nc.Subscribe(subject, func(m *nats.Msg) { h.take(ctx, m) })
}

// take does what takes no time: to tell the progress, and to stop, which nothing that takes long may delay. All else is for obey.
func (h *host) take(ctx context.Context, m *nats.Msg) {
	o := order{verb: m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], m: m}
	err := json.Unmarshal(m.Data, &o.request)
	switch {
	case err != nil:
		h.answer(m, "the request can't be read: "+err.Error())
	case o.verb == cluster.ControlStatus:
		h.answer(m, "")
	case o.verb == cluster.ControlStop:
		h.answer(m, "")
		h.end("told to stop by Nimbus")
	case ctx.Err() != nil:
		h.answer(m, ending)
	default:
		h.queue(o)
	}
}

const ending = "the worker ends"

func (h *host) queue(o order) {
	select {
	case h.orders <- o:
	default:
		h.answer(o.m, "the worker has too many requests to do")
	}
}

const unlistenTime = time.Second // for the requests that are there already

// unlisten takes no more requests, once those are answered that are there: Nimbus would wait for the answer of one that is dropped, while
// it learns at once that nobody is there for one that comes later.
func unlisten(sub *nats.Subscription) {
	over := sub.StatusChanged(nats.SubscriptionClosed)
	if sub.Drain() != nil {
		return // the connection is closed
	}
	select {
	case <-over:
	case <-time.After(unlistenTime):
	}
}

// obey does what Nimbus asks, one request after the other.
func (h *host) obey(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case o := <-h.orders:
			h.answer(o.m, h.do(ctx, o))
		}
	}
	for len(h.orders) > 0 {
		h.answer((<-h.orders).m, ending)
	}
}

// do does what is asked, and returns what kept it from it.
func (h *host) do(ctx context.Context, o order) (problem string) {
	patience, cancel := context.WithTimeout(ctx, orderTimeout)
	defer cancel()
	switch o.verb {
	case cluster.ControlDeactivate:
		if o.request.Drain {
			h.drained.Store(true) // before the look at the tasks: see open
		}
		return h.tell(o, func(t *tasks) error { return t.pause(patience, o.request.Drain) })
	case cluster.ControlFinish:
		return h.tell(o, func(t *tasks) error { return t.manager.Finish(patience, o.request.Component) })
	}
	return "there is no such request: " + o.verb
}

// tell does something with the tasks, if they are open: else there is nothing to pause or to finish.
func (h *host) tell(o order, do func(t *tasks) error) (problem string) {
	t := h.running()
	switch {
	case t == nil:
		return ""
	case o.request.Generation != t.generation:
		return fmt.Sprintf("the worker runs generation %d, the request is for generation %d", t.generation, o.request.Generation)
	}
	return problemOf(do(t))
}

func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// answer answers a request with the worker's progress, where Nimbus expects it.
func (h *host) answer(m *nats.Msg, problem string) {
	data, err := json.Marshal(cluster.ControlReply{Report: h.brief(), Error: problem})
	if err == nil {
		err = h.nc.Publish(m.Reply, data)
	}
	if err != nil {
		h.log.Warn("a request could not be answered", zap.String("subject", m.Subject), zap.Error(err))
	}
}
