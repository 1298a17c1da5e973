package changelog

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Memory returns a log that is kept in memory and ends with its last user. Its calls never block, which it says by a method Instant().
func Memory() Log {
	l := &memory{}
	l.mu.floor = 1
	l.mu.snapshots = map[string][]byte{}
	return l
}

type memory struct {
	mu struct {
		sync.Mutex
		records     []Record // from the floor on; an element is never changed, so that a part of it may be read without the lock
		floor       uint64
		last        uint64
		fence, done Record // the last Fence and Commit
		snapshots   map[string][]byte
		closed      bool
	}
}

// Instant says that no call ever blocks.
func (l *memory) Instant() {}

// enter locks, unless the log is closed or the context is done.
func (l *memory) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	if l.mu.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	return nil
}

func (l *memory) Fence(ctx context.Context, note []byte) (uint64, error) {
	return l.begin(ctx, note, func(uint64) bool { return true })
}

func (l *memory) FenceAfter(ctx context.Context, last uint64, note []byte) (uint64, error) {
	return l.begin(ctx, note, func(now uint64) bool { return now == last })
}

func (l *memory) begin(ctx context.Context, note []byte, may func(last uint64) bool) (uint64, error) {
	if err := checkFence(ctx, note); err != nil {
		return 0, err
	}
	if err := l.enter(ctx); err != nil {
		return 0, err
	}
	defer l.mu.Unlock()
	if last := l.mu.fence.Sequence; !may(last) {
		return 0, overtaken(last)
	}
	l.mu.fence = l.addLocked(l.mu.last+1, Fence, note)
	return l.mu.last, nil
}

func (l *memory) Append(ctx context.Context, attempt uint64, kind Kind, payload []byte) (uint64, error) {
	if err := checkAppend(ctx, kind, payload); err != nil {
		return 0, err
	}
	if err := l.enter(ctx); err != nil {
		return 0, err
	}
	defer l.mu.Unlock()
	if attempt == 0 || attempt != l.mu.fence.Sequence {
		return 0, refused(attempt, l.mu.fence.Sequence)
	}
	if r := l.addLocked(attempt, kind, payload); kind == Commit {
		l.mu.done = r
	}
	return l.mu.last, nil
}

func (l *memory) addLocked(attempt uint64, kind Kind, payload []byte) Record {
	l.mu.last++
	r := Record{l.mu.last, attempt, kind, bytes.Clone(payload)}
	l.mu.records = append(l.mu.records, r)
	return r
}

func (l *memory) LastCommit(ctx context.Context) (Record, error) {
	if err := l.enter(ctx); err != nil {
		return Record{}, err
	}
	defer l.mu.Unlock()
	return l.mu.done, nil
}

func (l *memory) LastFence(ctx context.Context) (Record, error) {
	if err := l.enter(ctx); err != nil {
		return Record{}, err
	}
	defer l.mu.Unlock()
	return l.mu.fence, nil
}

func (l *memory) Read(ctx context.Context, from, through uint64, f func(Record) error) error {
	records, err := l.part(ctx, from, through)
	if err != nil {
		return err
	}
	for _, r := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}

func (l *memory) part(ctx context.Context, from, through uint64) ([]Record, error) {
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	from, through, err := extent{l.mu.floor, l.mu.last}.clip(from, through)
	if err != nil || from > through {
		return nil, err
	}
	return l.mu.records[from-l.mu.floor : through-l.mu.floor+1], nil
}

func (l *memory) Trim(ctx context.Context, below uint64) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.mu.Unlock()
	if below = min(below, l.mu.last+1); below > l.mu.floor {
		l.mu.records = slices.Clone(l.mu.records[below-l.mu.floor:])
		l.mu.floor = below
	}
	return nil
}

func (l *memory) PutSnapshot(ctx context.Context, name string, data []byte) error {
	if err := checkSnapshotName(name); err != nil {
		return err
	}
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.mu.Unlock()
	l.mu.snapshots[name] = bytes.Clone(data)
	return nil
}

func (l *memory) Snapshot(ctx context.Context, name string) ([]byte, error) {
	if err := checkSnapshotName(name); err != nil {
		return nil, err
	}
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	data, ok := l.mu.snapshots[name]
	if !ok {
		return nil, noSnapshot(name)
	}
	return bytes.Clone(data), nil
}

func (l *memory) Snapshots(ctx context.Context, prefix string) ([]string, error) {
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	names := slices.Sorted(maps.Keys(l.mu.snapshots))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) }), nil
}

func (l *memory) Bounds(ctx context.Context) (first, last uint64, err error) {
	if err := l.enter(ctx); err != nil {
		return 0, 0, err
	}
	defer l.mu.Unlock()
	return l.mu.floor, l.mu.last, nil
}

func (l *memory) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.closed = true
	return nil
}
