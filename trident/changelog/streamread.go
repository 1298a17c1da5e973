package changelog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func (l *stream) LastCommit(ctx context.Context) (r Record, err error) {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return Record{}, err
	}
	defer leave()
	err = l.patiently(ctx, "looking for the last commit", func(ctx context.Context) error {
		r, err = l.latest(ctx, Commit)
		return err
	})
	if err != nil {
		return Record{}, fmt.Errorf("looking for the last commit: %w", err)
	}
	return r, l.nothingLost(ctx, r.Sequence)
}

// nothingLost checks that no record after a sequence is missing: if the last commit were lost, the one before it would be taken for the last.
func (l *stream) nothingLost(ctx context.Context, after uint64) error {
	e, err := l.whole(ctx)
	if err != nil {
		return err
	}
	r := reader{l: l, next: max(after+1, e.floor), through: e.last, headersOnly: true}
	return r.run(ctx)
}

func (l *stream) LastFence(ctx context.Context) (r Record, err error) {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return Record{}, err
	}
	defer leave()
	err = l.patiently(ctx, "looking for the last fence", func(ctx context.Context) error {
		r, err = l.latest(ctx, Fence)
		return err
	})
	return r, err
}

// latest asks the stream's leader for the last record of a kind.
func (l *stream) latest(ctx context.Context, kind Kind) (Record, error) {
	m, err := l.handle.GetLastMsgForSubject(ctx, l.subject+kind.String())
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return Record{}, nil
	case err != nil:
		return Record{}, err
	}
	return l.decode(m.Sequence, m.Data)
}

func (l *stream) decode(sequence uint64, b []byte) (Record, error) {
	r, err := decodeRecord(sequence, b)
	if err != nil {
		return Record{}, l.damaged(sequence, err.Error())
	}
	return r, nil
}

func (l *stream) damaged(sequence uint64, reason string) error {
	return &DamagedError{Log: "stream " + l.name, Sequence: sequence, Reason: reason}
}

// extent is what the log has, and the sequence of the record that says the floor.
func (l *stream) extent(ctx context.Context) (e extent, mark uint64, err error) {
	r, err := l.latest(ctx, trimmed)
	if err != nil {
		return extent{}, 0, err
	}
	e.floor = 1
	if r.Sequence != 0 {
		if len(r.Payload) != 8 {
			return extent{}, 0, l.damaged(r.Sequence, errForm.Error())
		}
		e.floor = binary.BigEndian.Uint64(r.Payload)
	}
	known := l.known.Load()
	info, err := l.handle.Info(ctx)
	if err != nil {
		return extent{}, 0, err
	}
	if e.last = info.State.LastSeq; e.last < known {
		return extent{}, 0, l.shorter(e.last+1, known)
	}
	return e, r.Sequence, nil
}

// whole is extent, asked patiently. With replicas, one that no longer leads may answer for a moment, and have less.
func (l *stream) whole(ctx context.Context) (e extent, err error) {
	began := time.Now()
	err = l.patiently(ctx, "asking for its bounds", func(ctx context.Context) error {
		e, _, err = l.extent(ctx)
		var damage *DamagedError
		if l.one != nil && errors.As(err, &damage) && time.Since(began) < l.o.Timeout {
			return fmt.Errorf("%w: %w", errAgain, errors.New(damage.Error()))
		}
		return err
	})
	return e, err
}

func (l *stream) Bounds(ctx context.Context) (first, last uint64, err error) {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer leave()
	e, err := l.whole(ctx)
	return e.floor, e.last, err
}

func (l *stream) Read(ctx context.Context, from, through uint64, f func(Record) error) error {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	e, err := l.whole(ctx)
	if err != nil {
		return err
	}
	if from, through, err = e.clip(from, through); err != nil {
		return err
	}
	return (&reader{l: l, next: from, through: through, f: f}).run(ctx)
}
