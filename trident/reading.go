package trident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
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
	if err != nil {
		return fmt.Errorf("source %q: %w", r.n.name, err)
	}
	for i, name := range names {
		if i%len(r.p.tc.Tasks(r.p.tc.Component)) != r.p.tc.Index {
			continue
		}
		reader, err := r.source.Open(ctx, name, positions[r.key(name)], r.ready)
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

// key is the name of a partition in the commit records.
func (r *reading[T]) key(partition string) string { return r.n.name + "/" + partition }

func (r *reading[T]) ready() { r.p.task.tell(mail{Kind: mailReady}) }

func (r *reading[T]) close() {
	for _, p := range r.parts {
		if err := p.reader.Close(); err != nil {
			r.p.task.report(fmt.Errorf("source %q: partition %q: %w", r.n.name, p.name, err))
		}
	}
	r.parts, r.opened = nil, false
}

const (
	readRecords = 1024                  // at once
	readTime    = 10 * time.Millisecond // for a batch
)

// finish reads the task's part of the batch.
func (r *reading[T]) finish() (err error) {
	defer guard(r.n.name, &err)
	r.records = 0
	for _, p := range r.parts {
		p.moved, p.dry = false, p.ended
	}
	until := time.Now().Add(readTime)
	for r.round() && r.records < r.p.task.g.options.batchRecords && time.Now().Before(until) {
		if err := r.readAll(); err != nil {
			return err
		}
	}
	r.p.ended = r.ended()
	if err := r.out.end(); err != nil {
		return err
	}
	r.tellReport()
	return nil
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

// readAll reads a little of each partition.
func (r *reading[T]) readAll() error {
	for _, p := range r.parts {
		left := r.p.task.g.options.batchRecords - r.records
		if p.dry || left <= 0 {
			continue
		}
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
			p.position, p.moved = position, true
		}
		r.records += len(more)
		if len(more) > 0 {
			if err := r.out.push(more); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reading[T]) tellReport() {
	m := mail{Kind: mailReport, Attempt: r.p.batch.attempt, TxID: r.p.batch.txid, Records: r.records, More: r.round(), Ended: r.ended(), Positions: map[string][]byte{}}
	for _, p := range r.parts {
		if p.moved {
			m.Positions[r.key(p.name)] = p.position
		}
	}
	r.p.task.tell(m)
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
