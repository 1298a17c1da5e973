package jetstream

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// session is the connection that the tasks of a worker share.
type session struct {
	nc *nats.Conn
	js jetstream.JetStream
	mu struct {
		sync.Mutex
		members []*member
	}
}

// member is a task that uses the session.
type member struct {
	tc          *topology.Context
	reconnected func() // called on a goroutine of the connection; must not block
}

// openSession returns the worker's connection to the server, and waits for it patiently.
func openSession(ctx context.Context, tc *topology.Context, a Access) (*session, error) {
	var s *session
	err := patiently(ctx, tc, func(context.Context) (err error) {
		s, err = topology.Shared(tc, a.name(), func() (*session, error) { return dial(a, tc.Topology) })
		return err
	})
	return s, err
}

func dial(a Access, name string) (*session, error) {
	s := &session{}
	nc, err := a.Connect(nats.Name("gale "+name),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { s.disconnected(err) }),
		nats.ReconnectHandler(func(nc *nats.Conn) { s.reconnected(nc) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { s.report(err) }))
	if err != nil {
		return nil, err
	}
	s.nc = nc
	if s.js, err = jetstream.New(nc); err != nil {
		nc.Close()
		return nil, err
	}
	return s, nil
}

// join makes the task a member, until it calls leave.
func (s *session) join(m *member) (leave func()) {
	s.mu.Lock()
	s.mu.members = append(s.mu.members, m)
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.mu.members = slices.DeleteFunc(s.mu.members, func(x *member) bool { return x == m })
	}
}

func (s *session) present() []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mu.members)
}

// disconnected is also called by Close, without an error.
func (s *session) disconnected(err error) {
	if err != nil {
		s.report(fmt.Errorf("disconnected from NATS, connecting again: %w", err))
	}
}

func (s *session) reconnected(nc *nats.Conn) {
	members := s.present()
	if len(members) > 0 {
		members[0].tc.Log.Info("connected to NATS again", zap.String("server", nc.ConnectedUrlRedacted()))
	}
	for _, m := range members {
		m.reconnected()
	}
}

// report has one member report the error, for all have the same.
func (s *session) report(err error) {
	if members := s.present(); len(members) > 0 {
		members[0].tc.Report(err)
	}
}

// Close sends what is still to be sent, the last acks, and closes the connection. The worker calls it when all
// tasks have ended.
func (s *session) Close() error {
	defer s.nc.Close()
	if !s.nc.IsConnected() {
		return nil
	}
	return s.nc.FlushTimeout(farewell)
}
