package jetstream

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// Message is what a stream has stored.
type Message struct {
	Subject  string
	Data     []byte    // must not be changed
	Sequence uint64    // its number in the stream, from 1
	Time     time.Time // when the stream stored it, UTC
}

// Source returns a source that reads the messages of a stream. See the package for what is guaranteed.
//
// Opening it does not wait for the server: one that is away is tried again, and reported. What is wrong for good, such as a stream that doesn't exist
// or credentials that are refused, is an error of Read.
func Source(o SourceOptions) trident.Source[Message] {
	return &source{o: o.withDefaults()}
}

// SourceOf is [Source] with messages decoded. An error of decode fails the batch, and names the stream and the sequence; see
// [SourceOptions].SkipUndecodable. decode is called by several goroutines, and must not change the message's data.
func SourceOf[T any](o SourceOptions, decode func(Message) (T, error)) trident.Source[T] {
	return &decodedSource[T]{source{o: o.withDefaults()}, decode}
}

type source struct {
	o   SourceOptions
	end end
}

// end is where a bounded source ends.
type end struct {
	sync.Mutex
	known    bool
	sequence uint64
}

// set sets the end unless it is known, and returns it.
func (e *end) set(sequence uint64) uint64 {
	e.Lock()
	defer e.Unlock()
	if !e.known {
		e.known, e.sequence = true, sequence
	}
	return e.sequence
}

// Kind implements [trident.Source].
func (s *source) Kind() trident.Kind { return trident.Opaque }

// Partitions implements [trident.Source].
func (s *source) Partitions(context.Context) ([]string, error) {
	if err := s.o.check(); err != nil {
		return nil, topology.Fatal(err)
	}
	names := make([]string, s.o.Partitions)
	for i := range names {
		names[i] = partitionName(i, s.o.Partitions)
	}
	return names, nil
}

// Open implements [trident.Source].
func (s *source) Open(ctx context.Context, partition string, after []byte, ready func()) (trident.Reader[Message], error) {
	return s.OpenAmong(ctx, partition, map[string][]byte{partition: after}, ready)
}

// OpenAmong implements [trident.Repartitioned].
func (s *source) OpenAmong(_ context.Context, partition string, positions map[string][]byte, ready func()) (trident.Reader[Message], error) {
	return s.open(partition, positions, ready)
}

func (s *source) open(partition string, positions map[string][]byte, ready func()) (*sourceReader, error) {
	if err := s.o.check(); err != nil {
		return nil, topology.Fatal(err)
	}
	i, of, ok := parsePartition(partition)
	if !ok || of != s.o.Partitions {
		return nil, fmt.Errorf("stream %q: there is no partition %q", s.o.Stream, partition)
	}
	f := newSourceFeed(s, ready)
	f.partition = i
	if err := f.seek(positions); err != nil {
		return nil, fmt.Errorf("stream %q: %w", s.o.Stream, err)
	}
	go f.run()
	return &sourceReader{f}, nil
}

// seek goes on behind what was read, by this partition and by former ones.
func (f *sourceFeed) seek(positions map[string][]byte) (err error) {
	if f.past, err = pastOf(positions, f.source.o.Partitions); err != nil {
		return err
	}
	read := f.past.through()
	if own := positions[partitionName(f.partition, f.source.o.Partitions)]; own != nil {
		sequence, err := parsePosition(own)
		if err != nil {
			return err
		}
		read = max(read, sequence)
	}
	if read > 0 {
		f.next = read + 1
	}
	return nil
}

// sourceReader is the reader of a partition.
type sourceReader struct{ feed *sourceFeed }

// Observe implements [trident.Observed].
func (r *sourceReader) Observe(tc *topology.Context) { r.feed.watch.observe(tc) }

// Read implements [trident.Reader].
func (r *sourceReader) Read(records []Message, max int) (more []Message, position []byte, err error) {
	had := len(records)
	more, err = r.feed.take(records, max)
	if unseen := r.feed.watch.unseenError(); unseen != nil { // looked at last: a loss is noted before what follows it may be taken
		return records, nil, unseen
	}
	if len(more) > had {
		position = strconv.AppendUint(nil, more[len(more)-1].Sequence, 10)
	}
	return more, position, err
}

// Close implements [trident.Reader].
func (r *sourceReader) Close() error {
	r.feed.stop()
	return nil
}

type decodedSource[T any] struct {
	source
	decode func(Message) (T, error)
}

// Open implements [trident.Source].
func (s *decodedSource[T]) Open(ctx context.Context, partition string, after []byte, ready func()) (trident.Reader[T], error) {
	return s.OpenAmong(ctx, partition, map[string][]byte{partition: after}, ready)
}

// OpenAmong implements [trident.Repartitioned].
func (s *decodedSource[T]) OpenAmong(_ context.Context, partition string, positions map[string][]byte, ready func()) (trident.Reader[T], error) {
	r, err := s.open(partition, positions, ready)
	if err != nil {
		return nil, err
	}
	return &decodedReader[T]{sourceReader: r, decode: s.decode}, nil
}

type decodedReader[T any] struct {
	*sourceReader
	decode func(Message) (T, error)
	raw    []Message
}

// Read implements [trident.Reader]. It goes on until something could be decoded, since nothing means that there is nothing now.
func (r *decodedReader[T]) Read(records []T, max int) (more []T, position []byte, err error) {
	more = records
	for len(more) == len(records) && err == nil {
		var p []byte
		r.raw, p, err = r.sourceReader.Read(r.raw[:0], max)
		if p == nil {
			break
		}
		position = p
		var bad error
		if more, bad = r.decodeAll(more); bad != nil {
			err = bad
		}
	}
	clear(r.raw)
	if err != nil && err != io.EOF {
		position = nil
	}
	return more, position, err
}

func (r *decodedReader[T]) decodeAll(records []T) ([]T, error) {
	o := r.feed.source.o
	for _, m := range r.raw {
		x, err := r.decode(m)
		if err == nil {
			records = append(records, x)
			continue
		}
		err = fmt.Errorf("stream %q: message %d on %s can't be decoded: %w", o.Stream, m.Sequence, m.Subject, err)
		if !o.SkipUndecodable {
			return records, err
		}
		r.feed.watch.undecodable(err)
	}
	return records, r.feed.watch.unseenError()
}
