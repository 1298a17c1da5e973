package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// ControlReplySubject returns the subject of a worker's answer to a request; token tells requests apart, "*" is all.
func ControlReplySubject(topology, worker, token string) string {
	return "gale.worker." + topology + "." + worker + ".reply." + token
}

// AskWorker sends a request to a worker and waits for the answer, as long as ctx lasts. [nats.ErrNoResponders]
// says that the worker is not connected; after any other error the outcome is unknown.
//
// The answer does not come to an inbox, as that of nats.Conn.Request, but to a subject of the worker's own, the only place
// where its credentials let it answer. NATS' allow_responses would let it publish to any subject at all: two workers, or one
// alone, need only send each other a message that bears that subject as its reply.
func AskWorker(ctx context.Context, nc *nats.Conn, topology, worker, verb string, r ControlRequest) (*ControlReply, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("asking worker %s: %w", worker, err)
	}
	reply := ControlReplySubject(topology, worker, nuid.Next())
	m, err := exchange(ctx, nc, reply, &nats.Msg{Subject: ControlSubject(topology, worker, verb), Reply: reply, Data: data})
	if err != nil {
		return nil, fmt.Errorf("asking worker %s for %s: %w", worker, verb, err)
	}
	answer := &ControlReply{}
	if err := json.Unmarshal(m.Data, answer); err != nil {
		return nil, fmt.Errorf("worker %s answers %s with what can't be read: %w", worker, verb, err)
	}
	return answer, nil
}

// exchange sends a message and waits for one on the subject.
func exchange(ctx context.Context, nc *nats.Conn, subject string, m *nats.Msg) (*nats.Msg, error) {
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // it fails only when the connection is closed, and the subscription with it
	if err := nc.PublishMsg(m); err != nil {
		return nil, err
	}
	return sub.NextMsgWithContext(ctx)
}
