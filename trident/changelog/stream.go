package changelog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Options of a log in JetStream. The zero value is ready to use.
type Options struct {
	Replicas int           // how many servers keep the log; 0 is 1 for a new log, and leaves an old one as it is
	MaxBytes int64         // of the log, without its snapshots; -1 is any number; 0 is that for a new log, and leaves an old one as it is
	Timeout  time.Duration // of one request to the server; 0 is 5 s. How long a call tries again is up to its context
	Log      *zap.Logger   // hears of what is tried again; nil for none
}

const defaultTimeout = 5 * time.Second

// stream is a log in JetStream: a stream with a subject for each kind of record, and an object store for snapshots. The condition of an append is that the subject of
// fences still has the attempt as its last sequence.
type stream struct {
	nc        *nats.Conn
	js        jetstream.JetStream
	name      string // of the stream, for people too
	subject   string // up to the kind
	o         Options
	handle    jetstream.Stream
	objects   jetstream.Stream
	snapshots jetstream.ObjectStore
	known     atomic.Uint64 // the highest sequence that was acknowledged here
	limit     atomic.Int64  // the bytes that the log may have, while it has been given more because it was full; else 0
	one       chan struct{} // holds the right to append when the stream has replicas; nil otherwise
	life      context.Context
	end       context.CancelCauseFunc
	users     sync.WaitGroup
	ending    sync.RWMutex // a call enters with it shared; Close ends the life with it
	owned     bool         // the connection is the log's own
	readOnly  bool         // it is read without consumers, which are more than a look
}

// JetStream opens a topology's log in JetStream, and makes it when it is not there. The connection stays the caller's. It should reconnect for ever and have no reconnect buffer:
// what such a buffer sends late is refused, but of no use.
//
// Calls that find NATS away try again until their context is done, save Append with a Commit, which may be sent only once; a call whose context never ends waits for NATS for ever. So a
// Staged record may be there twice, and one may be there although a second try of it was refused. Likewise a Fence that was tried again may have begun
// an attempt that nobody knows of.
func JetStream(ctx context.Context, nc *nats.Conn, topology string, o Options) (Log, error) {
	l, e, err := newStream(nc, topology, o)
	if err != nil {
		return nil, err
	}
	if err := l.open(ctx, e); err != nil {
		return nil, fmt.Errorf("opening the log of the topology %q: %w", topology, err)
	}
	return l, nil
}

func newStream(nc *nats.Conn, topology string, o Options) (l *stream, escaped string, err error) {
	escaped, err = escape(topology)
	if err != nil {
		return nil, "", err
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, "", err
	}
	l = &stream{nc: nc, js: js, name: streamPrefix + escaped, subject: subjectPrefix + escaped + ".", o: o}
	l.life, l.end = context.WithCancelCause(context.Background())
	return l, escaped, nil
}

func (l *stream) open(ctx context.Context, escaped string) (err error) {
	if l.handle, err = l.ensure(ctx, l.config()); err != nil {
		return err
	}
	if l.objects, err = l.ensure(ctx, l.snapshotConfig(escaped)); err != nil {
		return err
	}
	if l.handle.CachedInfo().Config.Replicas > 1 {
		l.one = make(chan struct{}, 1)
	}
	return l.patiently(ctx, "opening the snapshots", func(ctx context.Context) error {
		l.snapshots, err = l.js.ObjectStore(ctx, bucketPrefix+escaped)
		return err
	})
}

// config has no direct gets: they may be answered by a server that is behind.
func (l *stream) config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: l.name, Description: "Gale: the state of a topology", Subjects: []string{l.subject + "*"},
		Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew, Replicas: l.o.Replicas, MaxBytes: l.o.MaxBytes,
	}
}

// snapshotConfig is that of an object store, without direct gets.
func (l *stream) snapshotConfig(escaped string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: bucketStream + escaped, Description: "Gale: snapshots of a topology's state", Subjects: []string{objectPrefix + escaped + ".C.>", objectPrefix + escaped + ".M.>"},
		Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew, Replicas: l.o.Replicas, MaxBytes: -1, AllowRollup: true,
	}
}

// ensure makes a stream, or changes what the options say of one that is there.
func (l *stream) ensure(ctx context.Context, c jetstream.StreamConfig) (s jetstream.Stream, err error) {
	began := time.Now()
	err = l.patiently(ctx, "opening the stream "+c.Name, func(ctx context.Context) error {
		s, err = l.js.Stream(ctx, c.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			c.Replicas, c.MaxBytes = cmp.Or(c.Replicas, 1), cmp.Or(c.MaxBytes, -1)
			s, err = l.js.CreateStream(ctx, c)
			if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				s, err = l.js.Stream(ctx, c.Name) // another made it meanwhile
			}
			if apiCode(err) == createFailed && time.Since(began) < l.o.Timeout {
				return fmt.Errorf("%w: %w", errAgain, errors.New(err.Error()))
			}
		}
		if err != nil {
			return err
		}
		is := s.CachedInfo().Config
		want := is
		want.Replicas, want.MaxBytes = cmp.Or(c.Replicas, is.Replicas), cmp.Or(c.MaxBytes, is.MaxBytes)
		if want.Replicas != is.Replicas || want.MaxBytes != is.MaxBytes {
			s, err = l.js.UpdateStream(ctx, want)
		}
		return err
	})
	return s, err
}

// enter lets a call begin, with a context that ends with the log too. The call calls leave at its end.
func (l *stream) enter(ctx context.Context) (_ context.Context, leave func(), err error) {
	l.ending.RLock()
	defer l.ending.RUnlock()
	if err := cmp.Or(ctx.Err(), context.Cause(l.life)); err != nil {
		return nil, nil, err
	}
	l.users.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.life, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(nil); l.users.Done() }, nil
}

// Close ends the calls that are under way.
func (l *stream) Close() error {
	l.ending.Lock()
	l.end(ErrClosed)
	l.ending.Unlock()
	l.users.Wait()
	if l.owned {
		l.nc.Close()
	}
	return nil
}
