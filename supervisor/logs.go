package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Limits of requests for logs that wait for their turn. Further ones are dropped, and time out.
const (
	logRequests     = 256
	logRequestBytes = 1 << 20
)

// serveLogs answers requests for logs, one after the other, until ctx is done.
func (s *Supervisor) serveLogs(ctx context.Context) error {
	nc, err := s.remote.conn()
	if err != nil {
		return err
	}
	sub, err := nc.SubscribeSync(cluster.SupervisorSubject(s.id, cluster.SupervisorLogs))
	if err != nil {
		return err
	}
	if err := sub.SetPendingLimits(logRequests, logRequestBytes); err != nil {
		return err
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the supervisor ends
		case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrBadSubscription):
			return err
		case err != nil:
			s.log.Warn("requests for logs", zap.Error(err))
		default:
			s.answer(m)
		}
	}
}

func (s *Supervisor) answer(m *nats.Msg) {
	if !cluster.IsInbox(m.Reply) {
		s.log.Warn("a request for logs wants its answer where none may go; it is dropped", zap.String("reply", m.Reply))
		return
	}
	answer, err := json.Marshal(s.logs(m.Data))
	if err == nil {
		err = m.Respond(answer)
	}
	if err != nil {
		s.log.Warn("answering a request for logs", zap.Error(err))
	}
}

// logs returns a *cluster.LogsResponse or a *cluster.Error.
func (s *Supervisor) logs(request []byte) any {
	var r cluster.LogsRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return cluster.Errorf(cluster.Invalid, "the request can't be read: %v", err)
	}
	answer, err := s.readLogs(&r)
	if err == nil {
		return answer
	}
	if e := new(cluster.Error); errors.As(err, &e) {
		return e
	}
	// The error could name paths of this machine: they are its own affair.
	s.log.Warn("reading logs", zap.String("worker", r.Worker), zap.Error(err))
	return cluster.Errorf(cluster.Internal, "the logs of the worker can't be read; the supervisor's own log says why")
}

func (s *Supervisor) readLogs(r *cluster.LogsRequest) (*cluster.LogsResponse, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	filter, err := newFilter(r.Component, r.Grep)
	if err != nil {
		return nil, err
	}
	book, err := s.openBook(r)
	if err != nil {
		return nil, err
	}
	defer book.close()
	if r.From == "" {
		return book.tail(r.Tail, filter)
	}
	from, err := parsePosition(r.From)
	if err != nil {
		return nil, err
	}
	return book.follow(from, filter)
}

// openBook opens the logs of a worker that is here, or was here lately.
func (s *Supervisor) openBook(r *cluster.LogsRequest) (*logbook, error) {
	for _, dir := range []string{workersDir, keptDir} {
		b, err := s.openBookIn(dir, r)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, cluster.Errorf(cluster.NotFound, "the supervisor %s has no logs of the worker %s", s.id, r.Worker)
}

func (s *Supervisor) openBookIn(dir string, r *cluster.LogsRequest) (*logbook, error) {
	root, err := s.folder.OpenRoot(path.Join(dir, r.Worker))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var o order
	if err := readJSON(root, orderFile, &o); err != nil {
		return nil, err
	}
	if o.TopologyID != r.TopologyID {
		return nil, fs.ErrNotExist
	}
	return openLogbook(root, s.options.LogFiles, s.options.LogLimit, dir == keptDir)
}
