package trident

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/galestream/gale/trident/codec"
)

// sinkPart is a task's part of a sink, as the task sees it.
type sinkPart interface {
	spec() *sinkSpec
	// staged returns the batch's records as they are kept in the log.
	staged(b *batch) ([][]byte, error)
	// settle brings what was committed to the sink when an attempt begins, from the log when it isn't here.
	settle(ctx context.Context, p *packet) error
	// commit brings to the sink what is committed up to the txid, as it was in the attempt.
	commit(ctx context.Context, txid, attempt, sequence uint64) error
	// base is the sequence below which the log isn't needed.
	base() uint64
	close() error
}

// sinking gathers a batch's records, and brings them to the sink when the batch is committed.
type sinking[T any] struct {
	t       *stageTask
	s       *sinkSpec
	sink    Sink[T]
	codec   codec.Codec[T]
	now     []T           // of the batch that is being worked on
	pending []delivery[T] // staged, in the order of txids
	through uint64        // the last batch that the sink has
	from    uint64        // what is committed beyond the log's sequence from is here, or at the sink
	failing error         // why the sink has not taken the first of pending, if it was tried
	writers map[int]*writing[T]
	opened  bool
}

// delivery is a batch's records on their way.
type delivery[T any] struct {
	txid, attempt uint64
	behind        uint64 // the log has the batch's records behind this sequence
	records       []T
}

// writing is a writer and what it has.
type writing[T any] struct {
	w       Writer[T]
	applied uint64
}

func newSinking[T any](t *stageTask, s *sinkSpec, sink Sink[T], c codec.Codec[T]) *sinking[T] {
	return &sinking[T]{t: t, s: s, sink: sink, codec: c, writers: map[int]*writing[T]{}}
}

func (k *sinking[T]) spec() *sinkSpec { return k.s }

func (k *sinking[T]) push(xs []T) error {
	k.now = append(k.now, xs...)
	return nil
}

func (k *sinking[T]) end() error { return nil }

// maxBehind is how many batches may wait for a sink that fails. Then batches fail too, until it has taken them.
const maxBehind = 16

func (k *sinking[T]) staged(b *batch) ([][]byte, error) {
	if k.failing != nil && len(k.pending) >= maxBehind {
		return nil, fmt.Errorf("%d batches wait for a sink, and no more are taken: %w", len(k.pending), k.failing)
	}
	records := k.now
	k.now = nil
	k.pending = append(k.pending, delivery[T]{b.txid, b.attempt, b.commit, records})
	return encodeSinkRecords(k.codec, sinkHeader{sink: k.s.name, partition: k.t.tc.Index, txid: b.txid, done: k.doneAt(k.t.tc.Index)}, records)
}

// writer returns the writer of a partition, which may be of a task that is no more.
func (k *sinking[T]) writer(ctx context.Context, partition int) (*writing[T], error) {
	if w := k.writers[partition]; w != nil {
		return w, nil
	}
	w, err := k.sink.Open(ctx, SinkID{Topology: k.t.tc.Topology, Sink: k.s.name, Partition: partition})
	if err != nil {
		return nil, fmt.Errorf("sink %q: partition %d: %w", k.s.name, partition, err)
	}
	applied, err := w.Applied(ctx)
	if err != nil {
		w.Close() //nolint:errcheck // the error that counts is the one before
		return nil, fmt.Errorf("sink %q: partition %d: what it has: %w", k.s.name, partition, err)
	}
	k.writers[partition] = &writing[T]{w, applied}
	return k.writers[partition], nil
}

// deliver gives a committed batch to the sink, once.
func (k *sinking[T]) deliver(ctx context.Context, partition int, txid uint64, records []T) error {
	if len(records) == 0 {
		return nil
	}
	w, err := k.writer(ctx, partition)
	if err != nil || txid <= w.applied {
		return err
	}
	if err := w.w.Apply(ctx, txid, records); err != nil {
		return fmt.Errorf("sink %q: partition %d: batch %d: %w", k.s.name, partition, txid, err)
	}
	w.applied = txid
	return nil
}

func (k *sinking[T]) commit(ctx context.Context, txid, attempt, sequence uint64) error {
	if txid <= k.through {
		return nil
	}
	if !k.has(txid, attempt) {
		return errGap
	}
	for len(k.pending) > 0 && k.pending[0].txid <= txid {
		d := k.pending[0]
		if d.txid > k.through {
			if k.failing = k.deliver(ctx, k.t.tc.Index, d.txid, d.records); k.failing != nil {
				return k.failing
			}
			k.through = d.txid
		}
		k.pending = k.pending[1:]
	}
	if len(k.pending) > 0 {
		sequence = k.pending[0].behind
	}
	k.from = max(k.from, sequence)
	return nil
}

// has reports whether all from the last delivered one through txid are here, of the attempt.
func (k *sinking[T]) has(txid, attempt uint64) bool {
	next := k.through + 1
	for _, d := range k.pending {
		if d.txid == next && d.attempt == attempt {
			next++
		}
	}
	return next > txid
}

func (k *sinking[T]) settle(ctx context.Context, p *packet) error {
	committed, err := p.from-1, errGap
	if k.now = nil; k.opened {
		err = k.commit(ctx, committed, p.last, p.commit)
	}
	if errors.Is(err, errGap) {
		k.pending = nil
		err = k.reopen(ctx, committed, p.commit)
	}
	k.pending = slices.DeleteFunc(k.pending, func(d delivery[T]) bool { return d.txid > committed })
	return err
}

// reopen delivers what is committed, from the log.
func (k *sinking[T]) reopen(ctx context.Context, committed, sequence uint64) error {
	w, err := k.writer(ctx, k.t.tc.Index)
	if err != nil {
		return err
	}
	if w.applied > committed {
		return errors.Join(k.otherLife(w, committed), k.giveUp(k.t.tc.Index))
	}
	if err := k.recover(ctx, committed); err != nil {
		return err
	}
	k.opened, k.failing, k.through, k.from = true, nil, committed, max(k.from, sequence)
	return nil
}

// otherLife says that a sink remembers what this log doesn't, and what to do.
func (k *sinking[T]) otherLife(w *writing[T], committed uint64) error {
	how := "have the sink forget the topology, or give one of them another name"
	if f, ok := w.w.(Forgetting); ok {
		how = "to have the sink forget it, and keep its records: " + f.HowToForget() + "; or give the sink another name"
	}
	return fmt.Errorf("sink %q: partition %d: it has batches up to %d, and only %d are committed, so it would pass over those in between: the topology's state was dropped, or is kept elsewhere; %s",
		k.s.name, k.t.tc.Index, w.applied, committed, how)
}

// giveUp closes a partition's writer: the next attempt opens another, which looks at the sink anew.
func (k *sinking[T]) giveUp(partition int) error {
	w := k.writers[partition]
	delete(k.writers, partition)
	return w.w.Close()
}

// base leaves the log what is staged and not delivered.
func (k *sinking[T]) base() uint64 { return k.from }

func (k *sinking[T]) close() error {
	var first error
	for _, w := range k.writers {
		if err := w.w.Close(); err != nil && first == nil {
			first = fmt.Errorf("sink %q: %w", k.s.name, err)
		}
	}
	clear(k.writers)
	return first
}
