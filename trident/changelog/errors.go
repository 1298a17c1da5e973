package changelog

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// Errors of a log. Methods wrap them with what was done.
var (
	// ErrFenced says that another attempt has begun: nothing was written, and nothing ever will be with this one. The caller fences anew, or gives up.
	ErrFenced = errors.New("another attempt has begun")
	// ErrUnknown says that a record may be there, or may yet come to be. The caller fences and looks.
	ErrUnknown = errors.New("it is not known whether it was written")
	// ErrNoSnapshot says that there is no snapshot of the name.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrGone says that records which were asked for have been trimmed. The caller begins again from a newer snapshot.
	ErrGone = errors.New("trimmed meanwhile")
	// ErrFull says that the log has as many bytes as it may have: nothing was written. The caller waits until the log is trimmed, or more is allowed.
	ErrFull = errors.New("the log is full: trim it, or allow it more bytes")
	// ErrTooLarge says that a payload has more bytes than MaxPayload. It is the caller's mistake.
	ErrTooLarge = fmt.Errorf("a record may have %d bytes", MaxPayload)
	// ErrReadOnly says that the log was opened to be read alone: nothing was written.
	ErrReadOnly = errors.New("the log is open for reading alone")
	// ErrNoLog says that the topology has no log: it has never kept state, or that was dropped.
	ErrNoLog = errors.New("there is no such log")
	// ErrClosed says that the log is closed: nothing was written.
	ErrClosed = errors.New("the log is closed")
)

// DamagedError says that something which was stored can't be read as it was written. To try again is of no use: a person has to look.
type DamagedError struct {
	Log      string // the file or stream
	Sequence uint64 // of the record, or of the first that is missing; 0 when it is none
	Snapshot string // the name of the snapshot, when it is one
	Reason   string
}

// Error names what is damaged and says why.
func (e *DamagedError) Error() string {
	switch {
	case e.Snapshot != "":
		return fmt.Sprintf("%s is damaged: snapshot %q: %s", e.Log, e.Snapshot, e.Reason)
	case e.Sequence != 0:
		return fmt.Sprintf("%s is damaged: record %d: %s", e.Log, e.Sequence, e.Reason)
	}
	return fmt.Sprintf("%s is damaged: %s", e.Log, e.Reason)
}

func unknown(err error) error { return fmt.Errorf("%w: %w", ErrUnknown, err) }

var snapshotName = regexp.MustCompile(`^[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*$`)

const maxSnapshotName = 200

func checkSnapshotName(name string) error {
	if len(name) > maxSnapshotName || !snapshotName.MatchString(name) {
		return fmt.Errorf("snapshot name %q: it has to be letters, digits and . _ + - in parts with / between them, at most %d bytes", name, maxSnapshotName)
	}
	return nil
}

// checkAppend looks at what every log refuses.
func checkAppend(ctx context.Context, kind Kind, payload []byte) error {
	switch {
	case kind != Staged && kind != Commit:
		return fmt.Errorf("appending a record of kind %d: it has to be %d (staged) or %d (commit)", kind, Staged, Commit)
	case len(payload) > MaxPayload:
		return fmt.Errorf("%w, and this one has %d", ErrTooLarge, len(payload))
	}
	return ctx.Err()
}

// checkFence is checkAppend for a Fence.
func checkFence(ctx context.Context, note []byte) error {
	if len(note) > MaxPayload {
		return fmt.Errorf("%w, and this note has %d", ErrTooLarge, len(note))
	}
	return ctx.Err()
}

// overtaken is the error of a fence that comes after another one than it should.
func overtaken(last uint64) error { return fmt.Errorf("%w: %d", ErrFenced, last) }

// refused is the error of an append with an attempt that is not the log's.
func refused(attempt, current uint64) error {
	return fmt.Errorf("attempt %d: %w: %d", attempt, ErrFenced, current)
}
