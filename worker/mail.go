package worker

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/galestream/gale/topology"
)

// mailTo sends a mail of the task, which it copies.
func (t *task) mailTo(to topology.TaskID, text []byte) bool {
	w := t.w
	if to == 0 || int(to) >= len(w.componentOf) || len(text) > topology.MaxMail {
		return false
	}
	if w.here(to) {
		w.taskHere(to).post(t.id, bytes.Clone(text))
	} else {
		w.slotOf(to).mailFrom(t, to, text)
	}
	return true
}

// taskHere returns a task that runs here, nil when it doesn't. The id may come from another process.
func (w *Worker) taskHere(id topology.TaskID) *task {
	if int(id) >= len(w.componentOf) {
		return nil
	}
	if i := w.ledgerOf[id]; i >= 0 {
		return &w.spouts[i].task
	}
	if b := w.boltOf[id]; b != nil {
		return &b.task
	}
	return nil
}

// A mail goes to another worker in parts, each a record that is small enough for any link. Between its head and its bytes are: the number of
// the mail among those of the sending worker (4 bytes), the task that it is from (4), the task that it is for (4), how many bytes it has
// (4), and at which of them the part begins (4).
type mailPart struct {
	number, from, to, size, at uint32
}

const mailHead = 5 * 4

func (p mailPart) appendTo(b []byte) []byte {
	b = append(b, recordMail)
	for _, n := range []uint32{p.number, p.from, p.to, p.size, p.at} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

func mailPartOf(b []byte) mailPart {
	at := func(i int) uint32 { return binary.BigEndian.Uint32(b[4*i:]) }
	return mailPart{at(0), at(1), at(2), at(3), at(4)}
}

// maxBacklog is how much may wait for a link before mail is dropped, in what the link sends at once, 64 KiB or so. Acks are bounded
// by the trees that are open and slabs by credit, mail by nothing else.
const maxBacklog = 2048

var errBacklog = errors.New("mail to another worker is dropped, because too much waits to be sent there already (reported once)")

// mailFrom sends a mail of a task here to one there. The parts of one mail follow each other.
func (s *slot) mailFrom(t *task, to topology.TaskID, text []byte) {
	s.posting.Lock()
	defer s.posting.Unlock()
	p := s.reach()
	if p == nil {
		t.mail.lost.Add(1)
		return
	}
	if p.Backlog() > maxBacklog {
		t.loseMail(errBacklog)
		return
	}
	s.posting.number++
	part := mailPart{number: s.posting.number, from: uint32(t.id), to: uint32(to), size: uint32(len(text))}
	for {
		n := min(len(text), maxRecord)
		s.posting.record = append(part.appendTo(s.posting.record[:0]), text[:n]...)
		p.Control(s.posting.record)
		text, part.at = text[n:], part.at+uint32(n)
		if len(text) == 0 {
			return
		}
	}
}

// takeMail takes a part of a mail that came from there.
func (s *slot) takeMail(b []byte) error {
	p, b := mailPartOf(b), b[mailHead:]
	to := s.w.taskHere(topology.TaskID(p.to))
	if to == nil || !s.has(topology.TaskID(p.from)) || p.size > topology.MaxMail || uint64(p.at)+uint64(len(b)) > uint64(p.size) {
		return errRecord
	}
	if p.at == 0 {
		s.mail, s.mailText = p, nil
	}
	s.mail.at = uint32(len(s.mailText)) // where it must go on: else its middle was lost, with a life of the link
	if s.mail != p || len(b) == 0 && p.size > 0 {
		s.mailText = nil
		return errRecord
	}
	s.mailText = append(s.mailText, b...)
	if len(s.mailText) == int(p.size) {
		to.post(topology.TaskID(p.from), s.mailText)
		s.mail, s.mailText = mailPart{}, nil
	}
	return nil
}

// has reports whether the task, which another process has named, is one of the slot's.
func (s *slot) has(id topology.TaskID) bool {
	return int(id) < len(s.w.owner) && s.w.owner[id] == s.index
}
