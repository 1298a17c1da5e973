package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"
)

// logFile is where standard output and error of the worker go. It is rotated here and not by the supervisor, which may be away:
// a pipe to it would break, and copying a file before it is truncated loses lines.
type logFile struct {
	name  string
	limit int64
	files int // that are kept; 0 is 1
}

const (
	rotateInterval = 200 * time.Millisecond // between looks
	rotateAgain    = time.Minute            // after one that failed
)

// run looks after the size of the file until ctx is done.
func (l logFile) run(ctx context.Context, log *zap.Logger) {
	if l.name == "" || l.limit <= 0 {
		return
	}
	ticker := time.NewTicker(rotateInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			ticker.Reset(l.look(log))
		}
	}
}

// look rotates the file when it is time, and returns when to look again.
func (l logFile) look(log *zap.Logger) time.Duration {
	if err := l.maybeRotate(); err != nil {
		log.Warn("the log file can't be rotated", zap.Error(err))
		return rotateAgain
	}
	return rotateInterval
}

func (l logFile) maybeRotate() error {
	info, err := os.Stat(l.name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // the last rotation has failed half-way, or somebody has removed it
		return l.begin(0)
	case err != nil || info.Size() < l.limit:
		return err
	}
	return l.rotate()
}

// rotate renames the files and goes on in a new one. What is written meanwhile goes to the renamed one: nothing is lost but what is in the oldest.
func (l logFile) rotate() error {
	if l.files <= 1 {
		return l.begin(os.O_TRUNC)
	}
	for i := l.files - 1; i >= 1; i-- {
		if err := os.Rename(l.numbered(i-1), l.numbered(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return l.begin(0)
}

// begin has standard output and error go to the file.
func (l logFile) begin(more int) error {
	f, err := os.OpenFile(l.name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|more, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, fd := range []int{1, 2} {
		if err := duplicate(int(f.Fd()), fd); err != nil {
			return err
		}
	}
	return nil
}

func (l logFile) numbered(i int) string {
	if i == 0 {
		return l.name
	}
	return fmt.Sprintf("%s.%d", l.name, i)
}
