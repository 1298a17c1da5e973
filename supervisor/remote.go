package supervisor

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// remote is the connection to NATS, which may not be there yet. It is safe for concurrent use.
type remote struct{ nc atomic.Pointer[nats.Conn] }

// connectAgain is how long after a failed first connection the next is tried.
const connectAgain = time.Second

var errNotConnected = errors.New("not connected to NATS yet")

// conn returns the connection.
func (r *remote) conn() (*nats.Conn, error) {
	if nc := r.nc.Load(); nc != nil {
		return nc, nil
	}
	return nil, errNotConnected
}

// connect connects, however long it takes. Only what no waiting mends is an error, and the end of ctx.
func (r *remote) connect(ctx context.Context, a cluster.Access, name string, log *zap.Logger) error {
	for failed := false; ; failed = true {
		nc, err := cluster.Connect(a, name, log)
		if err == nil {
			r.nc.Store(nc)
			return nil
		}
		if cluster.CodeOf(err) != cluster.Unavailable {
			return err
		}
		if !failed {
			log.Warn("NATS can't be reached; all goes on as it was, and it is tried again every second", zap.Error(err))
		}
		if !pause(ctx, connectAgain) {
			return ctx.Err()
		}
	}
}

// close closes the connection, after what was published has been sent, if there is somebody to send it to.
func (r *remote) close() {
	nc := r.nc.Load()
	if nc == nil {
		return
	}
	if nc.IsConnected() {
		_ = nc.FlushTimeout(time.Second) // the beats that it could lose are not news for long
	}
	nc.Close()
}

// programStore opens the object store of programs.
func (r *remote) programStore(ctx context.Context) (jetstream.ObjectStore, error) {
	nc, err := r.conn()
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	return js.ObjectStore(ctx, cluster.ProgramBucket)
}

// pause waits, and reports whether the context is not done.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
