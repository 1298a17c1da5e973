package process

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"github.com/galestream/gale/cluster"
)

// beater writes the sign of life that the supervisor watches.
type beater struct {
	file *os.File
	n    uint64
}

func newBeater(name string) (*beater, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the file of the worker's sign of life: %w", err)
	}
	b := &beater{file: f, n: uint64(time.Now().UnixNano()) >> 1} // other than what a former life has left there
	if err := b.write(b.n); err != nil {
		b.close()
		return nil, fmt.Errorf("the worker's sign of life: %w", err)
	}
	return b, nil
}

func (b *beater) close() { b.file.Close() }

func (b *beater) write(n uint64) error {
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], n)
	_, err := b.file.WriteAt(buf[:], 0)
	return err
}

// run beats until ctx is done. A beat that can't be written is one that the supervisor misses.
func (b *beater) run(ctx context.Context) {
	ticker := time.NewTicker(cluster.BeatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			b.n++
			_ = b.write(b.n)
		}
	}
}

// over says that the worker ends in order.
func (b *beater) over() { _ = b.write(cluster.BeatOver) }
