package process

import (
	"context"
	"encoding/json"
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

// listen takes requests of Nimbus. A look at the progress is answered here; all else is for obey.
func (h *host) listen(ctx context.Context) (*nats.Subscription, error) {
	subject := cluster.ControlSubject(h.spec.TopologyID, h.spec.Worker, "*")
	return h.nc.Subscribe(subject, func(m *nats.Msg) {
		o := order{verb: m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], m: m}
		if err := json.Unmarshal(m.Data, &o.request); err != nil {
			h.answer(m, "the request can't be read: "+err.Error())
			return
		}
		if o.verb == cluster.ControlStatus {
			h.answer(m, "")
			return
		}
		select {
		case h.orders <- o:
		case <-ctx.Done():
			h.answer(m, "the worker ends")
		default:
			h.answer(m, "the worker has too many requests to do")
		}
	})
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
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-h.orders:
			h.answer(o.m, h.do(ctx, o))
			if o.verb == cluster.ControlStop {
				h.end("told to stop by Nimbus")
			}
		}
	}
}

// do does what is asked, and returns what kept it from it.
func (h *host) do(ctx context.Context, o order) (problem string) {
	patience, cancel := context.WithTimeout(ctx, orderTimeout)
	defer cancel()
	t := h.running()
	switch {
	case o.verb == cluster.ControlStop:
		return ""
	case t == nil:
		h.drained.Store(h.drained.Load() || o.request.Drain)
		return "" // there is nothing to pause or to finish
	case o.request.Generation != t.generation:
		return "the worker runs another generation"
	}
	switch o.verb {
	case cluster.ControlDeactivate:
		return problemOf(t.pause(patience, o.request.Drain))
	case cluster.ControlFinish:
		return problemOf(t.manager.Finish(patience, o.request.Component))
	}
	return "there is no such request: " + o.verb
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
