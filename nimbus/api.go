package nimbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/micro"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// answerTime is how long a request waits for its answer at most.
const answerTime = 2 * time.Second

// call is a request on its way to the loop.
type call struct {
	verb  string
	do    func(*leader) (any, error)
	reply chan<- result // has room for it
}

type result struct {
	response any
	err      error
}

// endpoint decodes a request and checks it; what it returns is for the loop.
type endpoint func(data []byte) (func(*leader) (any, error), error)

var endpoints = map[string]endpoint{
	cluster.VerbSubmit:      serve((*leader).submit),
	cluster.VerbKill:        serve((*leader).kill),
	cluster.VerbActivate:    serve((*leader).activate),
	cluster.VerbDeactivate:  serve((*leader).deactivate),
	cluster.VerbRebalance:   serve((*leader).rebalance),
	cluster.VerbList:        serve((*leader).list),
	cluster.VerbDescribe:    serve((*leader).describe),
	cluster.VerbSupervisors: serve((*leader).listSupervisors),
	cluster.VerbDrain:       serve((*leader).drainSupervisor),
	cluster.VerbStatus:      serve((*leader).status),
	cluster.VerbDropState:   serve((*leader).dropState),
	cluster.VerbReadState:   serve((*leader).readState),
	cluster.VerbCredentials: serve((*leader).credentials),
}

// serve makes an endpoint of a method. The one check of every request is here.
func serve[R any, P interface {
	*R
	cluster.Validated
}](method func(*leader, P) (any, error)) endpoint {
	return func(data []byte) (func(*leader) (any, error), error) {
		r := P(new(R))
		if len(data) > 0 {
			if err := json.Unmarshal(data, r); err != nil {
				return nil, cluster.Errorf(cluster.Invalid, "the request can't be read: %v", err)
			}
		}
		if err := r.Validate(); err != nil {
			return nil, err
		}
		return func(l *leader) (any, error) { return method(l, r) }, nil
	}
}

// offer makes the API's endpoints. There is no queue group: as long as NATS has not seen that a former leader hangs, requests
// go to both, and the one that leads answers.
func (l *leader) offer() error {
	service, err := micro.AddService(l.nc, micro.Config{
		Name: cluster.ServiceName, Version: fmt.Sprintf("%d.0.0", cluster.Protocol), Description: "Gale's control API",
		Metadata: map[string]string{"nimbus": l.n.o.ID, "epoch": fmt.Sprint(l.writer.Epoch()), "gale": l.o.Version},
	})
	if err != nil {
		return fmt.Errorf("offering the API: %w", err)
	}
	l.service = service
	for _, verb := range cluster.Verbs {
		handler := micro.HandlerFunc(func(r micro.Request) { l.respond(r, verb) })
		if err := service.AddEndpoint(verb, handler, micro.WithEndpointSubject(cluster.APISubject(verb)), micro.WithEndpointQueueGroupDisabled()); err != nil {
			return fmt.Errorf("offering the API's %s: %w", verb, err)
		}
	}
	return l.nc.FlushTimeout(storeTime)
}

// respond answers a request, from a goroutine of its endpoint.
func (l *leader) respond(r micro.Request, verb string) {
	if !cluster.IsInbox(r.Reply()) {
		l.log.Warn("a request wants its answer where none may go; it is dropped", zap.String("verb", verb), zap.String("reply", r.Reply()))
		return
	}
	response, err := l.call(verb, r.Data())
	if errors.Is(err, errSilent) {
		return
	}
	var body []byte
	if err == nil {
		body, err = json.Marshal(response)
	}
	if limit := int(l.nc.MaxPayload()); len(body) > limit {
		err = cluster.Errorf(cluster.Internal, "the answer to %s has %d bytes, NATS carries %d at once", verb, len(body), limit).WithHint("raise max_payload of the NATS server")
	}
	if err == nil {
		err = r.Respond(body)
	} else {
		e := asError(err)
		body, _ = json.Marshal(e) // it is made of strings
		err = r.Error(string(e.Code), e.Message, body)
	}
	if err != nil {
		l.log.Warn("a request could not be answered", zap.String("verb", verb), zap.Error(err))
	}
}

// asError makes an answer of an error. One that is no [*cluster.Error] is of a write whose outcome is not known.
func asError(err error) *cluster.Error {
	if e := new(cluster.Error); errors.As(err, &e) {
		return e
	}
	if errors.Is(err, cluster.ErrFenced) {
		return cluster.Errorf(cluster.Unavailable, "another Nimbus leads by now").WithHint("try again")
	}
	return cluster.Errorf(cluster.Timeout, "it is not known whether it was done: %v", err).WithHint("look with `gale list`, and try again")
}

func (l *leader) call(verb string, data []byte) (any, error) {
	do, err := endpoints[verb](data)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(l.ctx, answerTime)
	defer cancel()
	reply := make(chan result, 1)
	select {
	case l.calls <- call{verb, do, reply}:
	case <-ctx.Done():
		return nil, l.untaken(verb)
	}
	select {
	case r := <-reply:
		return r.response, r.err
	case <-ctx.Done():
		return nil, cluster.Errorf(cluster.Timeout, "%s: it is not known whether it was done", verb).WithHint("look with `gale list`, and try again")
	}
}

// errSilent says that a request is not to be answered: another may lead, who has got the request as well.
var errSilent = errors.New("another may lead")

// untaken is the error of a request that did not get to the loop: nothing was done.
func (l *leader) untaken(verb string) error {
	switch {
	case l.ctx.Err() == nil:
		return cluster.Errorf(cluster.Unavailable, "%s: Nimbus is busy", verb).WithHint("try again")
	case errors.Is(context.Cause(l.ctx), context.Canceled):
		return cluster.Errorf(cluster.Unavailable, "%s: this Nimbus has just stepped down", verb).WithHint("try again")
	}
	return errSilent
}

// answer does what a request asks for, in the loop, and goes on with the topologies, if it has changed any. What is set aside has changed none.
func (l *leader) answer(c call) error {
	before := l.version
	response, err := c.do(l)
	if a, ok := response.(*aside); ok && err == nil {
		l.setAside(a, c.reply)
		return nil
	}
	c.reply <- result{response, err}
	if e := new(cluster.Error); err != nil && !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", c.verb, err)
	}
	if l.version == before {
		return nil
	}
	return l.advanceAll(l.inOrder())
}
