package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// news is records of assignments that were read. whole says that there are no others.
type news struct {
	entries []jetstream.KeyValueEntry
	whole   bool
}

// watcher follows the assignments. A watch may miss a record, for instance when NATS was restored, and it begins with all records:
// so it is made anew every so often, and its beginning is the full read.
type watcher struct {
	conn func() (*nats.Conn, error)
	anew time.Duration
	out  chan<- news
	log  *zap.Logger
}

// Timing of a watcher: how long the full read may take, and how long after a failure it is tried again.
const (
	readTimeout = 5 * time.Second
	watchAgain  = 250 * time.Millisecond
)

// run follows until ctx is done.
func (w *watcher) run(ctx context.Context) {
	failed := false
	for ctx.Err() == nil {
		err := w.follow(ctx)
		if err == nil || ctx.Err() != nil {
			failed = false
			continue
		}
		if !failed {
			w.log.Warn("the assignments can't be read; all goes on as it was", zap.Error(err))
			failed = true
		}
		pause(ctx, watchAgain)
	}
}

// follow makes one watch and follows it for the time that it is good for.
func (w *watcher) follow(ctx context.Context) error {
	nc, err := w.conn()
	if err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	store, err := cluster.OpenStore(opening, nc)
	if err != nil {
		return err
	}
	relay, err := cluster.ServeAssignments(nc, store, w.log)
	if err != nil {
		return err
	}
	defer relay.Unsubscribe() //nolint:errcheck // it fails only when the connection is closed, and the subscription with it
	watching, end := context.WithCancel(ctx)
	defer end()
	watch, err := store.KV().Watch(watching, cluster.AssignmentPrefix+">")
	if err != nil {
		return err
	}
	defer watch.Stop() //nolint:errcheck // it fails only when the connection is closed, or NATS away
	return w.forward(ctx, watch.Updates(), opening.Done())
}

var errWatchEnded = errors.New("the watch has ended")

// forward forwards the full read as one, and then each record.
func (w *watcher) forward(ctx context.Context, updates <-chan jetstream.KeyValueEntry, late <-chan struct{}) error {
	anew := time.NewTimer(w.anew)
	defer anew.Stop()
	full := news{whole: true}
	for reading := true; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-late:
			if reading {
				return errors.New("the full read took too long")
			}
			late = nil
		case <-anew.C:
			return nil
		case e, ok := <-updates:
			switch {
			case !ok:
				return errWatchEnded
			case e == nil:
				reading = false
				w.send(ctx, full)
			case reading:
				full.entries = append(full.entries, e)
			default:
				w.send(ctx, news{entries: []jetstream.KeyValueEntry{e}})
			}
		}
	}
}

func (w *watcher) send(ctx context.Context, n news) {
	select {
	case w.out <- n:
	case <-ctx.Done():
	}
}
