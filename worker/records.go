package worker

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/galestream/gale/acker"
)

// A control record is one of these bytes and then: for acks, root and XOR (8 and 8 bytes) of one tree after the other; for touches,
// roots (8); for a failure, the root (8) and the cause as text; for a loss, the slot (4) whose process has died, as the sender has seen; for
// mail, see mailPart.
const (
	recordAcks    = 1
	recordTouches = 2
	recordFailure = 3
	recordLost    = 4
	recordMail    = 5
	maxRecord     = 32 << 10
	maxCause      = 4 << 10
)

// records gathers what a task has to say to the spouts of another worker.
type records struct {
	acks     []byte
	touches  []byte
	failures [][]byte
	touched  bool // whether it is in far.dirty
}

func (r *records) ack(root acker.RootID, xor uint64) {
	if len(r.acks) == 0 {
		r.acks = append(r.acks, recordAcks)
	}
	r.acks = appendLink(r.acks, uint64(root), xor)
}

func (r *records) touch(root acker.RootID) {
	if len(r.touches) == 0 {
		r.touches = append(r.touches, recordTouches)
	}
	r.touches = binary.BigEndian.AppendUint64(r.touches, uint64(root))
}

func (r *records) fail(root acker.RootID, cause error) {
	text := cause.Error()
	b := binary.BigEndian.AppendUint64([]byte{recordFailure}, uint64(root))
	r.failures = append(r.failures, append(b, text[:min(len(text), maxCause)]...))
}

// flush sends what there is.
func (r *records) flush(s *slot) {
	for at := 1; at < len(r.acks); at += maxRecord / linkSize * linkSize {
		part := r.acks[at-1 : min(at+maxRecord/linkSize*linkSize, len(r.acks))]
		part[0] = recordAcks // over the last byte of the part before, which was sent
		s.control(part)
	}
	if len(r.touches) > 0 {
		s.control(r.touches[:min(len(r.touches), 1+maxRecord/8*8)]) // a timeout that begins anew late is no loss
	}
	for i, f := range r.failures {
		s.control(f)
		r.failures[i] = nil
	}
	r.acks, r.touches, r.failures, r.touched = r.acks[:0], r.touches[:0], r.failures[:0], false
}

// records returns what gathers words for the owner of the root, who is in another worker.
func (t *task) records(root acker.RootID) *records {
	i := t.w.owner[root.Task()]
	r := &t.far.records[i]
	if !r.touched {
		r.touched = true
		t.far.dirty = append(t.far.dirty, i)
	}
	return r
}

func (t *task) flushRecords() {
	for _, i := range t.far.dirty {
		t.far.records[i].flush(t.w.slots[i])
	}
	t.far.dirty = t.far.dirty[:0]
}

// errRecord says that a record could not be read.
var errRecord = errors.New("worker: a control record is malformed")

// Control takes a record that came from the worker of a slot. Calls for one slot come one at a time.
func (w *Worker) Control(slot int, record []byte) {
	s := w.slots[slot]
	if err := s.take(record); err != nil {
		s.refused.Add(1)
	}
}

func (s *slot) take(record []byte) error {
	if len(record) == 0 {
		return errRecord
	}
	kind, rest := record[0], record[1:]
	switch {
	case kind == recordAcks && len(rest)%linkSize == 0:
		return s.ackAll(rest)
	case kind == recordTouches && len(rest)%8 == 0:
		return s.w.touchAll(rest)
	case kind == recordFailure && len(rest) >= 8:
		return s.w.failFrom(rootAt(rest, 0), string(rest[8:min(len(rest), 8+maxCause)]))
	case kind == recordLost && len(rest) == 4:
		return s.w.lostElsewhere(binary.BigEndian.Uint32(rest))
	case kind == recordMail && len(rest) >= mailHead:
		return s.takeMail(rest)
	}
	return errRecord
}

// lostElsewhere takes the word of another worker that a slot has lost its process.
func (w *Worker) lostElsewhere(slot uint32) error {
	if int64(slot) >= int64(len(w.slots)) {
		return errRecord
	}
	w.failThrough(int(slot), false)
	return nil
}

// ledgerHere returns the ledger of a root that another process has named, nil when it is not here.
func (w *Worker) ledgerHere(root acker.RootID) *acker.Ledger {
	if int(root.Task()) >= len(w.ledgerOf) {
		return nil
	}
	return w.ledger(root)
}

func (s *slot) ackAll(b []byte) (err error) {
	tick := s.w.tickAt(s.w.driver.now())
	for ; len(b) > 0 && err == nil; b = b[linkSize:] {
		err = s.ackOne(rootAt(b, 0), binary.BigEndian.Uint64(b[8:]), tick)
	}
	for i := range s.told {
		if words := &s.told[i]; len(words.complete) > 0 {
			s.w.spouts[i].lane.put(words)
			words.complete = words.complete[:0]
		}
	}
	return err
}

func (s *slot) ackOne(root acker.RootID, xor uint64, tick uint32) error {
	l := s.w.ledgerHere(root)
	if l == nil {
		return errRecord
	}
	i := s.w.ledgerOf[root.Task()]
	if complete, ok := l.Apply(root, xor, tick); complete {
		s.told[i].complete = append(s.told[i].complete, root)
	} else if !ok {
		s.w.spouts[i].lateFromAfar.Add(1)
	}
	return nil
}

func (w *Worker) touchAll(b []byte) error {
	tick := w.tickAt(w.driver.now())
	for ; len(b) > 0; b = b[8:] {
		root := acker.RootID(binary.BigEndian.Uint64(b))
		l := w.ledgerHere(root)
		if l == nil {
			return errRecord
		}
		l.Touch(root, tick)
	}
	return nil
}

func (w *Worker) failFrom(root acker.RootID, cause string) error {
	l := w.ledgerHere(root)
	if l == nil {
		return errRecord
	}
	if l.Fail(root) {
		w.spouts[w.ledgerOf[root.Task()]].lane.put(&words{failed: []failure{{root, remoteError(cause)}}})
	}
	return nil
}

// remoteError is the text of an error that a task of another worker has failed a tuple with.
type remoteError string

func (e remoteError) Error() string { return fmt.Sprintf("in another worker: %s", string(e)) }
