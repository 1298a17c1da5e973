package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	firstWait = 10 * time.Millisecond
	maxWait   = time.Second
	farewell  = time.Second // how long a connection takes to be closed in good order
)

// session is a connection that is opened again when it has broken.
type session struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn
}

func (s *session) connect(ctx context.Context) (*pgx.Conn, error) {
	if s.conn != nil && !s.conn.IsClosed() {
		return s.conn, nil
	}
	var err error
	s.conn, err = pgx.ConnectConfig(ctx, s.config.Copy())
	return s.conn, err
}

// try calls f with a connection. After an error that may pass the connection is closed, for it may be in any state.
func (s *session) try(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	conn, err := s.connect(ctx)
	if err == nil {
		err = f(ctx, conn)
	}
	if err != nil && passing(err) {
		s.close()
	}
	return err
}

func (s *session) close() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = s.conn.Close(ctx)
	s.conn = nil
}

// patiently calls f until it succeeds, or fails for good, or the patience or the context is over. Between two calls it waits, longer each
// time, and not the same in all writers. Its error says what was being done.
func (s *session) patiently(ctx context.Context, patience time.Duration, f func(context.Context, *pgx.Conn) error) error {
	end := time.Now().Add(patience)
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		err := s.try(ctx, f)
		if err == nil || !passing(err) && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		pause := wait/2 + rand.N(wait/2)
		if time.Now().Add(pause).After(end) {
			return fmt.Errorf("tried for %v: %w", patience, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}
