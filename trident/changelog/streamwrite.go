package changelog

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func (l *stream) Fence(ctx context.Context, note []byte) (uint64, error) { return l.begin(ctx, note) }

func (l *stream) FenceAfter(ctx context.Context, last uint64, note []byte) (uint64, error) {
	release, err := l.turn(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	return l.begin(ctx, note, jetstream.WithExpectLastSequenceForSubject(last, l.subject+Fence.String()))
}

func (l *stream) begin(ctx context.Context, note []byte, condition ...jetstream.PublishOpt) (attempt uint64, err error) {
	if err := checkFence(ctx, note); err != nil {
		return 0, err
	}
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	err = l.patiently(ctx, "beginning an attempt", func(ctx context.Context) error {
		attempt, err = l.publish(ctx, Fence, encodeRecord(Fence, 0, note), condition...)
		return l.orWiden(ctx, err, len(note))
	})
	if err != nil {
		return 0, fmt.Errorf("beginning an attempt: %w", err)
	}
	return attempt, nil
}

func (l *stream) Append(ctx context.Context, attempt uint64, kind Kind, payload []byte) (sequence uint64, err error) {
	if err := checkAppend(ctx, kind, payload); err != nil {
		return 0, err
	}
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	if attempt == 0 {
		return 0, fmt.Errorf("appending: attempt 0: %w", ErrFenced) // the server would take it until there is a fence
	}
	release, err := l.turn(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	b, condition := encodeRecord(kind, attempt, payload), jetstream.WithExpectLastSequenceForSubject(attempt, l.subject+Fence.String())
	var open error // a commit whose outcome is unknown, which may not be tried again
	err = l.patiently(ctx, "appending", func(ctx context.Context) error {
		sequence, err = l.publish(ctx, kind, b, condition)
		if kind == Commit && errors.Is(err, ErrUnknown) {
			open = err
			return nil
		}
		return err
	})
	if err = cmp.Or(open, err); err != nil {
		return 0, fmt.Errorf("appending with attempt %d: %w", attempt, err)
	}
	return sequence, nil
}

// turn waits for the right to append. With replicas a server takes one write on a condition at a time, so those of a process take turns instead of being
// refused.
func (l *stream) turn(ctx context.Context) (release func(), err error) {
	if l.one == nil {
		return func() {}, nil
	}
	select {
	case l.one <- struct{}{}:
		return func() { <-l.one }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// publish appends a stored record, once.
func (l *stream) publish(ctx context.Context, kind Kind, b []byte, condition ...jetstream.PublishOpt) (uint64, error) {
	known := l.known.Load()
	m := &nats.Msg{Subject: l.subject + kind.String(), Data: b, Header: nats.Header{}}
	ack, err := l.js.PublishMsg(ctx, m, append(condition, jetstream.WithRetryAttempts(0))...)
	switch {
	case err != nil:
		return 0, refusal(err)
	case ack.Stream != l.name:
		return 0, fmt.Errorf("%s is taken by the stream %q, not by %q", m.Subject, ack.Stream, l.name)
	case ack.Sequence <= known:
		return 0, l.shorter(ack.Sequence, known)
	}
	l.acknowledged(ack.Sequence)
	return ack.Sequence, nil
}

func (l *stream) acknowledged(sequence uint64) {
	for {
		if known := l.known.Load(); known >= sequence || l.known.CompareAndSwap(known, sequence) {
			return
		}
	}
}

// shorter says that the server has lost the end of the log. It may be a server that has an older state, too.
func (l *stream) shorter(next, known uint64) error {
	return &DamagedError{Log: "stream " + l.name, Sequence: next, Reason: fmt.Sprintf("what was acknowledged up to %d is gone", known)}
}

// refusal says what an error of a publish means. What is not known to be a refusal may have been written.
func refusal(err error) error {
	var api *jetstream.APIError
	switch code := apiCode(err); {
	case code == wrongLastSequence:
		return fmt.Errorf("%w: %w", ErrFenced, err)
	case code == conditionInFlight:
		return err
	case code == storeFailed && errors.As(err, &api) && strings.Contains(api.Description, storeFull):
		return ErrFull
	}
	return unknown(err)
}

// Trim records the floor, then purges. Who reads a gap looks for a floor above it.
func (l *stream) Trim(ctx context.Context, below uint64) error {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	err = l.patiently(ctx, "trimming", func(ctx context.Context) error { return l.trim(ctx, below) })
	if err != nil {
		return fmt.Errorf("trimming: %w", err)
	}
	return nil
}

func (l *stream) trim(ctx context.Context, below uint64) error {
	e, mark, err := l.extent(ctx)
	if err != nil {
		return err
	}
	if below = min(below, e.last+1); below <= e.floor {
		return l.purge(ctx, e.floor, mark) // whoever raised the floor may not have come to this
	}
	b := encodeRecord(trimmed, 0, binary.BigEndian.AppendUint64(nil, below))
	mark, err = l.publish(ctx, trimmed, b, jetstream.WithExpectLastSequenceForSubject(mark, l.subject+trimmed.String()))
	switch {
	case errors.Is(err, ErrFenced):
		return fmt.Errorf("another trims it: %w", errAgain)
	case err != nil:
		return l.orWiden(ctx, err, len(b))
	}
	if err := l.purge(ctx, below, mark); err != nil {
		return err
	}
	return l.narrow(ctx)
}

// purge deletes what lies below the floor, save the last of each kind.
func (l *stream) purge(ctx context.Context, floor, mark uint64) error {
	for _, kind := range []Kind{Staged, Commit, Fence, trimmed} {
		below := floor
		switch kind {
		case Commit, Fence:
			r, err := l.latest(ctx, kind)
			if err != nil {
				return err
			}
			below = min(floor, r.Sequence)
		case trimmed:
			below = min(floor, mark) // those above the floor are records like others: who reads would find them missing
		}
		if below <= 1 {
			continue
		}
		if err := l.handle.Purge(ctx, jetstream.WithPurgeSubject(l.subject+kind.String()), jetstream.WithPurgeSequence(below)); err != nil {
			return err
		}
	}
	return nil
}

// orWiden lets a full log have the few bytes by which an attempt begins or the log is trimmed: else nothing could ever make room.
func (l *stream) orWiden(ctx context.Context, err error, need int) error {
	if !errors.Is(err, ErrFull) {
		return err
	}
	info, err := l.handle.Info(ctx)
	if err != nil {
		return err
	}
	c := info.Config
	l.limit.CompareAndSwap(0, c.MaxBytes)
	c.MaxBytes = int64(info.State.Bytes) + int64(need) + fullSpare
	if _, err := l.js.UpdateStream(ctx, c); err != nil {
		return err
	}
	return fmt.Errorf("the log was full: %w", errAgain)
}

// fullSpare is for what the server adds to a message, and for some that are written meanwhile.
const fullSpare = 4096

// narrow takes back what orWiden gave.
func (l *stream) narrow(ctx context.Context) error {
	limit := l.limit.Load()
	if limit == 0 {
		return nil
	}
	c := l.handle.CachedInfo().Config
	c.MaxBytes = limit
	if _, err := l.js.UpdateStream(ctx, c); err != nil {
		return err
	}
	l.limit.CompareAndSwap(limit, 0)
	return nil
}
