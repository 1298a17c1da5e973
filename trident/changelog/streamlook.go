package changelog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ReadJetStream opens a topology's log in JetStream to be read alone, as of a topology that does not run. Nothing is made or changed there, and the credentials need not allow
// it: see [ReadPermissions]. It returns [ErrNoLog] when there is none. Methods that write return [ErrReadOnly]. The connection stays the caller's.
func ReadJetStream(ctx context.Context, nc *nats.Conn, topology string, o Options) (*ReadOnly, error) {
	l, e, err := newStream(nc, topology, o)
	if err != nil {
		return nil, err
	}
	l.readOnly = true
	if err := l.look(ctx, e); err != nil {
		return nil, fmt.Errorf("opening the log of the topology %q: %w", topology, err)
	}
	return &ReadOnly{l}, nil
}

// look is open for a log that has to be there. Its stream is made before that of its snapshots, and deleted before it.
func (l *stream) look(ctx context.Context, escaped string) (err error) {
	if l.handle, err = l.find(ctx, l.name); err != nil {
		return err
	}
	if l.objects, err = l.find(ctx, bucketStream+escaped); err != nil {
		if errors.Is(err, ErrNoLog) {
			return &DamagedError{Log: bucketStream + escaped, Reason: "the stream is missing, and that of the log is there"}
		}
		return err
	}
	return l.patiently(ctx, "opening the snapshots", func(ctx context.Context) error {
		l.snapshots, err = l.js.ObjectStore(ctx, bucketPrefix+escaped)
		return err
	})
}

func (l *stream) find(ctx context.Context, name string) (s jetstream.Stream, err error) {
	err = l.patiently(ctx, "opening the stream "+name, func(ctx context.Context) error {
		s, err = l.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return ErrNoLog
		}
		return err
	})
	return s, err
}

// ReadOnly is a log in JetStream that is read alone. [ReadJetStream] opens it.
type ReadOnly struct{ *stream }

var _ Log = (*ReadOnly)(nil)

// Size returns how many bytes the log has, with its snapshots.
func (l *ReadOnly) Size(ctx context.Context) (bytes uint64, err error) {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	for _, s := range []jetstream.Stream{l.handle, l.objects} {
		err := l.patiently(ctx, "asking for its size", func(ctx context.Context) error {
			info, err := s.Info(ctx)
			if err == nil {
				bytes += info.State.Bytes
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return bytes, nil
}

// Fence returns ErrReadOnly.
func (*ReadOnly) Fence(context.Context, []byte) (uint64, error) { return 0, ErrReadOnly }

// FenceAfter returns ErrReadOnly.
func (*ReadOnly) FenceAfter(context.Context, uint64, []byte) (uint64, error) { return 0, ErrReadOnly }

// Append returns ErrReadOnly.
func (*ReadOnly) Append(context.Context, uint64, Kind, []byte) (uint64, error) { return 0, ErrReadOnly }

// Trim returns ErrReadOnly.
func (*ReadOnly) Trim(context.Context, uint64) error { return ErrReadOnly }

// PutSnapshot returns ErrReadOnly.
func (*ReadOnly) PutSnapshot(context.Context, string, []byte) error { return ErrReadOnly }

// pageRecords is how many records are asked for at a time where there is no consumer.
const pageRecords = 32

// page reads some records, one request each. One that is not there is asked for again, to say why.
func (r *reader) page(ctx context.Context) error {
	var found [pageRecords]*jetstream.RawStreamMsg
	n := min(pageRecords, r.through-r.next+1)
	first := r.next
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_ = r.l.once(ctx, func(try context.Context) (err error) {
				found[i], err = r.l.handle.GetMsg(try, first+i)
				return err
			})
		})
	}
	all.Wait()
	for _, m := range found[:n] {
		if m == nil {
			return r.ask(ctx)
		}
		if err := r.give(m.Data); err != nil {
			return err
		}
	}
	return nil
}
