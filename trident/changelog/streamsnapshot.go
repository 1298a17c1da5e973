package changelog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// snapshotChunk is how many bytes of a snapshot are in one message.
const snapshotChunk = 512 << 10

// slowest is how long a byte of a snapshot may take, beyond the timeout of a request: a MiB a second.
const slowest = time.Second / (1 << 20)

func (l *stream) PutSnapshot(ctx context.Context, name string, data []byte) error {
	if err := checkSnapshotName(name); err != nil {
		return err
	}
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	meta := jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: snapshotChunk}}
	err = l.patiently(ctx, "storing a snapshot", func(context.Context) error {
		long, cancel := context.WithTimeout(ctx, l.o.Timeout+time.Duration(len(data))*slowest)
		defer cancel()
		_, err := l.snapshots.Put(long, meta, bytes.NewReader(data))
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the snapshot %q: %w", name, unknown(err))
	}
	return nil
}

// Snapshot looks whether the snapshot was replaced before it says that one is damaged.
func (l *stream) Snapshot(ctx context.Context, name string) (data []byte, err error) {
	if err := checkSnapshotName(name); err != nil {
		return nil, err
	}
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = l.patiently(ctx, "reading a snapshot", func(try context.Context) error {
		info, err := l.snapshots.GetInfo(try, name)
		switch {
		case errors.Is(err, jetstream.ErrObjectNotFound):
			return noSnapshot(name)
		case passing(err):
			return err
		case ctx.Err() != nil: // which says nothing of the snapshot
			return ctx.Err()
		case err != nil:
			return l.spoiled(name, err)
		}
		if data, err = l.chunks(ctx, info); err == nil || passing(err) {
			return err
		}
		if now, err := l.snapshots.GetInfo(try, name); err != nil || now.NUID != info.NUID {
			return fmt.Errorf("the snapshot was replaced: %w", errAgain)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return l.spoiled(name, err)
	})
	return data, err
}

func (l *stream) spoiled(name string, err error) error {
	return &DamagedError{Log: l.objects.CachedInfo().Config.Name, Snapshot: name, Reason: err.Error()}
}

// chunks reads a snapshot's bytes, one request a chunk.
func (l *stream) chunks(ctx context.Context, info *jetstream.ObjectInfo) ([]byte, error) {
	subject := strings.TrimSuffix(l.objects.CachedInfo().Config.Subjects[0], ">") + info.NUID
	var data []byte
	for next := uint64(1); uint64(len(data)) < info.Size; {
		err := l.once(ctx, func(ctx context.Context) error {
			m, err := l.objects.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
			if err == nil {
				data, next = append(data, m.Data...), m.Sequence+1
			}
			return err
		})
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, fmt.Errorf("it has %d bytes of %d", len(data), info.Size)
		}
		if err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(data)
	if uint64(len(data)) != info.Size || info.Digest != "SHA-256="+base64.URLEncoding.EncodeToString(sum[:]) {
		return nil, errSum
	}
	return data, nil
}

// Snapshots asks for the subjects of the object store, which have the names.
func (l *stream) Snapshots(ctx context.Context, prefix string) (names []string, err error) {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	subjects := l.objects.CachedInfo().Config.Subjects[1]
	var info *jetstream.StreamInfo
	err = l.patiently(ctx, "listing snapshots", func(ctx context.Context) error {
		info, err = l.objects.Info(ctx, jetstream.WithSubjectFilter(subjects))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing snapshots: %w", err)
	}
	for subject := range info.State.Subjects {
		b, err := base64.URLEncoding.DecodeString(strings.TrimPrefix(subject, strings.TrimSuffix(subjects, ">")))
		if err != nil {
			return nil, fmt.Errorf("listing snapshots: the subject %q is no snapshot's", subject)
		}
		if name := string(b); strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
