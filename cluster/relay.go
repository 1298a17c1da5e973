package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// Workers may not read the bucket, not even their own record: whoever may send a request to JetStream chooses
// where the answer goes, and an answer that goes to $KV.gale.epoch is a write to the bucket that no permission stops.
// So a worker asks on a subject of its own, without a reply, and the answer is sent to another one of its own.
// All daemons stand ready to answer; one does.

// AssignmentRequestSubject returns the subject on which a worker asks for its topology's assignment. The body is the
// topology's name.
func AssignmentRequestSubject(topology, worker string) string {
	return "gale.worker." + topology + "." + worker + ".read"
}

// AssignmentSubject returns the subject that a worker is sent its topology's assignment on.
func AssignmentSubject(topology, worker string) string {
	return "gale.worker." + topology + "." + worker + ".assignment"
}

const (
	relayGroup   = "gale-relay"    // of all daemons, so that one answers
	relayTimeout = 2 * time.Second // of a look at the bucket
	relayPending = 4096            // requests that wait for this daemon; what is more is dropped, and asked again
	relayBytes   = 128             // of a request: a topology's name
)

// ServeAssignments has this process answer workers that ask for their assignments, until the subscription or the
// connection ends. Every supervisor and every Nimbus does that.
func ServeAssignments(nc *nats.Conn, s *Store, log *zap.Logger) (*nats.Subscription, error) {
	sub, err := nc.QueueSubscribe(AssignmentRequestSubject("*", "*"), relayGroup, func(m *nats.Msg) {
		if err := s.relay(nc, m); err != nil { // a worker that asks nonsense must not fill the log
			log.Debug("a worker's request for its assignment was not answered", zap.String("subject", m.Subject), zap.Error(err))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("serving assignments: %w", err)
	}
	return sub, sub.SetPendingLimits(relayPending, relayPending*relayBytes)
}

// relay answers one request: with the record when it is that of the topology whose id the subject bears, else with nothing.
func (s *Store) relay(nc *nats.Conn, m *nats.Msg) error {
	part := strings.Split(m.Subject, ".") // gale worker TOPOLOGY WORKER read
	id, worker, name := part[2], part[3], NameRequest{Name: string(m.Data)}
	if err := errors.Join(CheckID(id), CheckID(worker), name.Validate()); err != nil {
		return err
	}
	record, err := s.assignmentOf(name.Name, id)
	if err != nil {
		return err
	}
	return nc.Publish(AssignmentSubject(id, worker), record)
}

func (s *Store) assignmentOf(name, id string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	var record json.RawMessage
	if _, err := s.Get(ctx, AssignmentPrefix+name, &record); err != nil {
		if errors.Is(err, ErrNoRecord) {
			return nil, nil
		}
		return nil, err
	}
	var a struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(record, &a); err != nil || a.ID != id {
		return nil, err
	}
	return record, nil
}

// ReadAssignment asks for the assignment of a worker's topology and waits for it as long as ctx lasts: there is no answer
// when no daemon is there. It may be a little old; Version says how old. [ErrNoRecord] says that the topology is not there
// any more, though one of its name may be.
func ReadAssignment(ctx context.Context, nc *nats.Conn, name, topology, worker string) (*Assignment, error) {
	m, err := exchange(ctx, nc, AssignmentSubject(topology, worker), &nats.Msg{Subject: AssignmentRequestSubject(topology, worker), Data: []byte(name)})
	if err != nil {
		return nil, fmt.Errorf("asking for the assignment of %q: %w", name, err)
	}
	if len(m.Data) == 0 {
		return nil, ErrNoRecord
	}
	a := &Assignment{}
	return a, Decode(AssignmentPrefix+name, m.Data, a)
}
