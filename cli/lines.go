package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

// followLines shows what workers print, until the topology is removed.
func (d *dev) followLines(r cluster.SubmitResponse) *service {
	out, many := &batched{out: d.lines()}, len(r.Placement) > 1
	query := client.LogQuery{Topology: r.Name, Tail: wholeOfLogs, Follow: true}
	return serve("the lines of workers", func(ctx context.Context) error {
		defer out.flush()
		return d.cluster.client.Logs(ctx, query, func(l client.LogLine) error {
			text := cutLine(d.out, r.Name, l.Text) + "\n"
			if many {
				text = short(l.Worker) + "  " + text
			}
			return out.add(text)
		})
	}, func(error) {})
}

const maxColumns = 300 // of a line on a terminal

// cutLine shortens a line that is to be shown on a terminal: that of a panic bears its whole stack.
func cutLine(out io.Writer, topology, text string) string {
	if !isTerminal(out) {
		return text
	}
	return cutTo(maxColumns, text, topology)
}

func cutTo(columns int, text, topology string) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	return fmt.Sprintf("%s… (gale errors %s shows all)", string([]rune(text)[:columns]), topology)
}

// lines returns where the lines of workers go: above the table on a terminal, else to standard output.
func (d *dev) lines() io.Writer {
	if isTerminal(d.out) {
		return d.screen.Above()
	}
	return d.out
}

// Each write above a live table draws the table anew: so lines are written many at a time.
const (
	batchTime  = 50 * time.Millisecond
	batchBytes = 64 << 10
)

// batched writes lines together that come within batchTime.
type batched struct {
	out io.Writer
	mu  struct {
		sync.Mutex // held while writing, to keep the lines in order
		held       bytes.Buffer
		err        error // of a write
	}
}

// add adds a line. The error is that of a write before.
func (b *batched) add(line string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mu.held.Len() == 0 {
		time.AfterFunc(batchTime, b.flush)
	}
	b.mu.held.WriteString(line)
	if b.mu.held.Len() > batchBytes {
		b.flushLocked()
	}
	return b.mu.err
}

func (b *batched) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushLocked()
}

func (b *batched) flushLocked() {
	if b.mu.held.Len() == 0 {
		return
	}
	if _, err := b.out.Write(b.mu.held.Bytes()); err != nil {
		b.mu.err = err
	}
	b.mu.held.Reset()
}
