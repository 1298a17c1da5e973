package trident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/galestream/gale/topology"
)

// reading is a source task's head: it reads what is there for each batch.
type reading[T any] struct {
	p       *pipeline
	n       *node
	source  Source[T]
	out     pusher[T]
	parts   []*part[T]
	opened  bool
	buf     []T
	records int
	report  int // bytes that the batch's report takes, about
	turn    int // the partition to be read next
}

// part is one partition of the source.
type part[T any] struct {
	name     string
	reader   Reader[T]
	position []byte
	moved    bool
	ended    bool
	dry      bool // nothing was there when it was read last
}

func newReading[T any](p *pipeline, n *node, source Source[T]) *reading[T] {
	r := &reading[T]{p: p, n: n, source: source, out: outputOf[T](p, n)}
	p.onClose(r.close)
	return r
}

func (r *reading[T]) head() head {
	return head{inputs: []func(any) error{r.begin}, finish: r.finish}
}

// begin takes in the positions that an attempt begins with.
func (r *reading[T]) begin(data any) error {
	p := data.(*packet)
	if p.data == nil {
		if !r.opened {
			return errors.New("the first batch of an attempt brings no positions")
		}
		return nil
	}
	positions, err := positionsOf(p.data)
	if err != nil {
		return err
	}
	return r.open(r.p.ctx, positions)
}

// open opens the partitions of this task.
func (r *reading[T]) open(ctx context.Context, positions map[string][]byte) (err error) {
	defer guard(r.n.name, &err)
	r.close()
	names, err := r.source.Partitions(ctx)
	if err == nil {
		err = checkPartitions(names)
	}
	if err != nil {
		return fmt.Errorf("source %q: %w", r.n.name, err)
	}
	tasks := r.p.task.tasks()
	for i, name := range names {
		if i%tasks != r.p.tc.Index {
			continue
		}
		reader, err := r.openPart(ctx, name, positions)
		if err != nil {
			return fmt.Errorf("source %q: partition %q: %w", r.n.name, name, err)
		}
		if o, ok := reader.(Observed); ok {
			o.Observe(r.p.tc)
		}
		r.parts = append(r.parts, &part[T]{name: name, reader: reader})
	}
	r.opened = true
	return nil
}

func (r *reading[T]) openPart(ctx context.Context, name string, positions map[string][]byte) (Reader[T], error) {
	source, ok := r.source.(Repartitioned[T])
	if !ok {
		return r.source.Open(ctx, name, positions[r.key(name)], r.ready)
	}
	own := map[string][]byte{}
	for key, position := range positions {
		if partition, ok := strings.CutPrefix(key, r.key("")); ok {
			own[partition] = position
		}
	}
	return source.OpenAmong(ctx, name, own, r.ready)
}

// key is the name of a partition in the commit records.
func (r *reading[T]) key(partition string) string { return r.n.name + "/" + partition }

func (r *reading[T]) ready() { r.p.task.ready() }

// maxPartition is how many bytes the name of a partition may have.
const maxPartition = 128

// checkPartitions finds names by which positions can't be told apart: they travel as text.
func checkPartitions(names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		switch {
		case seen[name]:
			return fmt.Errorf("there are two partitions %q", name)
		case len(name) > maxPartition:
			return fmt.Errorf("the name of partition %.40q... has %d bytes; %d are possible", name, len(name), maxPartition)
		case !utf8.ValidString(name):
			return fmt.Errorf("the name of partition %q is no UTF-8 text", name)
		}
		seen[name] = true
	}
	return nil
}

func (r *reading[T]) close() {
	for _, p := range r.parts {
		if err := p.reader.Close(); err != nil {
			r.p.task.report(fmt.Errorf("source %q: partition %q: %w", r.n.name, p.name, err))
		}
	}
	r.parts, r.opened = nil, false
}

const (
	readRecords = 1024                 // at once
	readTime    = 5 * time.Millisecond // for a batch
	reportBytes = topology.MaxMail / 2 // in the report of a batch, about
)

// finish reads the task's part of the batch.
func (r *reading[T]) finish() (err error) {
	defer guard(r.n.name, &err)
	r.p.task.batchBegins()
	r.records, r.report = 0, 0
	for _, p := range r.parts {
		p.moved, p.dry = false, p.ended
	}
	until := time.Now().Add(readTime)
	for r.round() && !r.full() && time.Now().Before(until) {
		if err := r.readAll(); err != nil {
			return err
		}
		runtime.Gosched() // to what commits the batches before: where every core reads, it would wait for as long as the scheduler lets a task run
	}
	r.p.ended = r.ended()
	if err := r.out.end(); err != nil {
		return err
	}
	return r.tellReport()
}

// full reports whether the batch has as many records as it may have, or as many partitions have moved as a report has room for.
func (r *reading[T]) full() bool {
	return r.records >= r.p.task.g.options.batchRecords || r.report >= reportBytes
}

// round reports whether there may be more to read now.
func (r *reading[T]) round() bool {
	for _, p := range r.parts {
		if !p.dry {
			return true
		}
	}
	return false
}

// ended reports whether there will never be more to read.
func (r *reading[T]) ended() bool {
	for _, p := range r.parts {
		if !p.ended {
			return false
		}
	}
	return true
}

// readAll reads a little of each partition. The next batch goes on where one was full, so that each has its turn.
func (r *reading[T]) readAll() error {
	for range r.parts {
		if r.full() {
			return nil
		}
		p := r.parts[r.turn%len(r.parts)]
		r.turn = (r.turn + 1) % len(r.parts)
		if p.dry {
			continue
		}
		if err := r.read(p); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading[T]) read(p *part[T]) error {
	left := r.p.task.g.options.batchRecords - r.records
	more, position, err := p.reader.Read(r.buf[:0], min(readRecords, left))
	r.buf = more
	if errors.Is(err, io.EOF) {
		p.ended, err = true, nil
	}
	if err != nil {
		return fmt.Errorf("source %q: partition %q: %w", r.n.name, p.name, err)
	}
	p.dry = p.ended || len(more) == 0
	if position != nil {
		if !p.moved {
			r.report += 2*len(r.key(p.name)) + 2*len(position)
		}
		p.position, p.moved = position, true
	}
	r.records += len(more)
	if len(more) == 0 {
		return nil
	}
	return r.out.push(more)
}

func (r *reading[T]) tellReport() error {
	m := mail{Kind: mailReport, Attempt: r.p.batch.attempt, TxID: r.p.batch.txid, Records: r.records, More: r.round(), Ended: r.ended(), Positions: map[string][]byte{}}
	for _, p := range r.parts {
		if p.moved {
			m.Positions[r.key(p.name)] = p.position
		}
	}
	b := m.encode()
	if len(b) > topology.MaxMail {
		return fmt.Errorf("source %q: the positions of %d partitions take %d bytes after a batch; %d are possible: have them shorter, or give the source more tasks", r.n.name, len(m.Positions), len(b), topology.MaxMail)
	}
	r.p.tc.Tell(r.p.task.leader, b)
	return nil
}

// positions travel as JSON between workers.
func encodePositions(b []byte, data any) ([]byte, error) {
	text, err := json.Marshal(data)
	return append(b, text...), err
}

func positionsOf(data any) (positions map[string][]byte, err error) {
	if b, ok := data.(raw); ok {
		if err := json.Unmarshal(b, &positions); err != nil {
			return nil, fmt.Errorf("positions can't be read: %w", err)
		}
		return positions, nil
	}
	positions, ok := data.(map[string][]byte)
	if !ok {
		return nil, fmt.Errorf("positions come as %T", data)
	}
	return positions, nil
}
