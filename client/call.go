package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// call sends a request to the leading Nimbus and returns its answer.
func call[T any](ctx context.Context, c *Client, verb string, request any) (answer T, err error) {
	m, err := c.request(ctx, verb, request)
	if err != nil {
		return answer, c.explain(ctx, err, fmt.Sprintf("Nimbus has not answered %q", verb))
	}
	return decode[T](m)
}

// looks are the requests that change nothing. When a Nimbus that steps down has swallowed one it is sent again.
var looks = []string{cluster.VerbList, cluster.VerbDescribe, cluster.VerbSupervisors, cluster.VerbStatus, cluster.VerbReadState}

// request sends a request and waits for its answer. What surely nobody has received is sent again until a Nimbus leads, and so is what may be
// done twice.
func (c *Client) request(ctx context.Context, verb string, request any) (*nats.Msg, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	twice, limit := slices.Contains(looks, verb), c.answer
	if twice {
		limit = c.look
	}
	patience, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for n := 1; ; n++ {
		m, err := c.once(ctx, cluster.APISubject(verb), body, limit)
		if err == nil || !unsent(err) && (!twice || !silent(err)) {
			return m, err
		}
		if n == suspicious {
			if foreign := c.checkAccount(ctx, err); foreign != nil {
				return nil, foreign
			}
		}
		if !sleep(patience, c.pause) {
			return m, err
		}
	}
}

func (c *Client) once(ctx context.Context, subject string, body []byte, limit time.Duration) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m, err := c.nc.RequestWithContext(ctx, subject, body)
	if err != nil && c.denied(subject) {
		return nil, cluster.Errorf(cluster.Unauthorized, "these credentials are not for this: they don't allow requests to %q", subject).WithHint(otherCredentials)
	}
	return m, err
}

// unsent reports whether a request that failed so has reached nobody.
func unsent(err error) bool {
	for _, e := range []error{nats.ErrNoResponders, nats.ErrReconnectBufExceeded, nats.ErrDisconnected, nats.ErrConnectionReconnecting} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// silent reports whether a request that failed so may have reached somebody who has not answered.
func silent(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
}

// sleep pauses; false when ctx is done before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// explain says what a failed request means to a user. silence is what it means that there was no answer.
func (c *Client) explain(ctx context.Context, err error, silence string) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*cluster.Error)):
		return err
	case errors.Is(err, nats.ErrNoResponders):
		return cluster.Errorf(cluster.Unavailable, "no Nimbus leads this cluster").WithHint("start one with `gale nimbus`, or a whole cluster with `gale dev`")
	case silent(err):
		return cluster.Errorf(cluster.Timeout, "%s within %v: what was asked may still happen", silence, c.answer).WithHint("see what has become of it: `gale list`")
	}
	return cluster.Errorf(cluster.Unavailable, "asking the cluster: %v", err)
}

func decode[T any](m *nats.Msg) (answer T, err error) {
	if m.Header.Get(micro.ErrorCodeHeader) != "" {
		return answer, refusal(m)
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return answer, cluster.Errorf(cluster.Internal, "the cluster's answer can't be read: %v", err).WithHint("`gale status` shows the cluster's version of Gale, `gale version` this one's")
	}
	return answer, nil
}

// refusal is the error that the answer is.
func refusal(m *nats.Msg) error {
	e := &cluster.Error{}
	if err := json.Unmarshal(m.Data, e); err == nil && e.Message != "" {
		return e
	}
	return &cluster.Error{Code: cluster.Code(m.Header.Get(micro.ErrorCodeHeader)), Message: m.Header.Get(micro.ErrorHeader)}
}

// requestOnce sends a request to a process other than Nimbus: when that is not there, waiting is of no use.
func (c *Client) requestOnce(ctx context.Context, subject string, request any) (*nats.Msg, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	return c.once(ctx, subject, body, c.answer)
}

// explainSupervisor is explain for requests to a supervisor.
func (c *Client) explainSupervisor(ctx context.Context, id string, err error) error {
	if errors.Is(err, nats.ErrNoResponders) && ctx.Err() == nil {
		return cluster.Errorf(cluster.Unavailable, "supervisor %q is not there", id).WithHint("`gale supervisors` shows which are")
	}
	return c.explain(ctx, err, fmt.Sprintf("supervisor %q has not answered", id))
}
