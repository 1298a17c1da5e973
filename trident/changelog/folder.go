package changelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// fileName is the log's file in its folder.
const fileName = "changelog.db"

// lockTimeout is how long Open waits for another process that has the file.
const lockTimeout = time.Second

var (
	headBucket     = []byte("head")
	recordBucket   = []byte("records")
	snapshotBucket = []byte("snapshots")
)

// folder is a log in a file. One goroutine writes; it puts what has come together into one transaction.
type folder struct {
	path    string
	db      *bbolt.DB
	writes  chan *write
	closing chan struct{} // closed by Close
	ended   chan struct{} // closed by the writing goroutine
	close   func() error
}

// Open opens the log in a folder, which is made when it is not there, and belongs to one process at a time. What is appended is synced before Append returns. The file never
// shrinks; what was trimmed is room for what comes. A file that can't be read is a [*DamagedError].
func Open(path string) (Log, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	path = filepath.Join(path, fileName)
	l := &folder{path: path, writes: make(chan *write), closing: make(chan struct{}), ended: make(chan struct{})}
	l.close = sync.OnceValue(l.shut)
	if err := l.guard(l.open); err != nil {
		if l.db != nil {
			_ = l.db.Close()
		}
		return nil, err
	}
	go l.run()
	return l, nil
}

func (l *folder) open() (err error) {
	// The list of free pages stays in the file: without it bbolt walks through all pages on a goroutine of its own, and panics there when one is damaged.
	o := &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType}
	l.db, err = bbolt.Open(l.path, 0o600, o)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s is in use: another process has it open, or this one has opened it twice", l.path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return &DamagedError{Log: l.path, Reason: err.Error()}
	case err != nil:
		return fmt.Errorf("opening %s: %w", l.path, err)
	}
	if err := l.db.Update(l.prepare); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(l.path))
}

// prepare makes the buckets of a new file, and looks at the head of an old one.
func (l *folder) prepare(tx *bbolt.Tx) error {
	if name, _ := tx.Cursor().First(); name != nil {
		_, err := l.head(tx)
		return err
	}
	for _, name := range [][]byte{headBucket, recordBucket, snapshotBucket} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return head{extent: extent{floor: 1}}.store(tx)
}

// syncFolder makes the file's entry in the folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (l *folder) LastCommit(ctx context.Context) (Record, error) {
	return l.latest(ctx, func(h head) uint64 { return h.commit })
}

func (l *folder) LastFence(ctx context.Context) (Record, error) {
	return l.latest(ctx, func(h head) uint64 { return h.fence })
}

func (l *folder) latest(ctx context.Context, which func(head) uint64) (r Record, err error) {
	err = l.view(ctx, func(tx *bbolt.Tx) error {
		h, err := l.head(tx)
		if err != nil || which(h) == 0 {
			return err
		}
		r, err = l.record(which(h), tx.Bucket(recordBucket).Get(key(which(h))))
		r.Payload = bytes.Clone(r.Payload)
		return err
	})
	return r, err
}

func (l *folder) Bounds(ctx context.Context) (first, last uint64, err error) {
	err = l.view(ctx, func(tx *bbolt.Tx) error {
		h, err := l.head(tx)
		first, last = h.floor, h.last
		return err
	})
	return first, last, err
}

func (l *folder) Snapshot(ctx context.Context, name string) (data []byte, err error) {
	if err := checkSnapshotName(name); err != nil {
		return nil, err
	}
	err = l.view(ctx, func(tx *bbolt.Tx) error {
		b := tx.Bucket(snapshotBucket).Get([]byte(name))
		if b == nil {
			return noSnapshot(name)
		}
		b, err := unseal(b)
		if err != nil {
			return &DamagedError{Log: l.path, Snapshot: name, Reason: err.Error()}
		}
		data = bytes.Clone(b)
		return nil
	})
	return data, err
}

func (l *folder) Snapshots(ctx context.Context, prefix string) (names []string, err error) {
	err = l.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(snapshotBucket).Cursor()
		for k, _ := c.Seek([]byte(prefix)); k != nil && strings.HasPrefix(string(k), prefix); k, _ = c.Next() {
			names = append(names, string(k))
		}
		return nil
	})
	return names, err
}

// view runs f in a read transaction, which f must not stretch: the file can't grow meanwhile.
func (l *folder) view(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := l.guard(func() error { return l.db.View(f) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// Close waits for what is being written and refuses what comes later.
func (l *folder) Close() error { return l.close() }

func (l *folder) shut() error {
	close(l.closing)
	<-l.ended
	return l.db.Close()
}
