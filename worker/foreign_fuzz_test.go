package worker

import (
	"encoding/binary"
	"testing"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// Whatever comes as a slab gives its credit back exactly once: at once when it is refused, else when all who got it have handled it. What bolts
// are given is whole.
func FuzzReceive(f *testing.F) {
	three := newTrio(f, Options{})
	src := three.workers[0].topology.Component("src")
	values := []topology.Value{topology.Of("x"), topology.Of(1), topology.Of(nil)}
	link := topology.Link{Root: uint64(root(1, 2)), Edge: 3}
	for _, links := range [][]topology.Link{nil, {link}, {link, link}} {
		sent := three.ship(1, slabOf(src, []tuple{{0, values[:1], links}, {1, values, links}}))
		f.Add(sent[0].dest, sent[0].body)
		f.Add(uint32(1), sent[0].body)
	}
	f.Add(uint32(allOf), []byte{0, 0, 0, 6, 0xff, 0xff, 0, 0, 1})
	f.Fuzz(func(t *testing.T, dest uint32, body []byte) {
		w, credit := three.workers[1], three.boxes[0]
		credit.grants = 0
		refused, dropped := w.slots[0].refused.Load(), w.slots[0].dropped.Load()
		got := three.receive(1, []sentSlab{{dest, body}})
		require.Equal(t, 1, credit.grants)
		require.Equal(t, dropped, w.slots[0].dropped.Load())
		n := 0
		for i, b := range w.boltsOf[0] {
			n += len(got[i])
			requireWhole(t, w, got[i])
			require.Zero(t, b.in.tuples.Load())
			require.Equal(t, b.in.sent.Load(), b.taken.Load())
		}
		require.Equal(t, n == 0, w.slots[0].refused.Load() > refused, "either it is refused or it has tuples")
	})
}

func requireWhole(t *testing.T, w *Worker, tuples []*topology.Tuple) {
	for _, x := range tuples {
		require.Len(t, x.Fields(), x.Len())
		_ = encoded(t, x.Values())
		for _, l := range linksOf(x) {
			require.True(t, w.isSpout(acker.RootID(l.Root)))
		}
	}
}

// Whatever comes as a record, a tree is complete when the XORs of all acks that name it come to what was emitted, has failed when a failure came
// before that, and its spout is told either of it once.
func FuzzControl(f *testing.F) {
	const edge = 0xfedcba9876543210
	open := func(t require.TestingT) (w *Worker, at acker.RootID) {
		w = newTrio(t, Options{Seed: 1, MaxSpoutPending: 2}).workers[0]
		l := w.ledgers[0]
		at = l.Open("id", 0, 1)
		l.Arm(at, edge)
		return w, at
	}
	_, at := open(f)
	var r records
	r.ack(at, 1)
	r.ack(at, edge^1)
	f.Add(r.acks)
	r.touch(at)
	f.Add(r.touches)
	r.fail(at, errStopped)
	f.Add(r.failures[0])
	f.Add([]byte{recordLost, 0, 0, 0, 1})
	f.Add(mailPart{from: 1, to: farSpout, size: 1}.appendTo(nil))
	f.Fuzz(func(t *testing.T, record []byte) {
		w, at := open(t)
		complete, failed, valid := expect(record, at, edge)
		w.Control(1, record)
		told := &w.spouts[0].lane.mu.words
		require.Len(t, told.complete, complete)
		require.Len(t, told.failed, failed)
		require.Equal(t, valid, w.slots[1].refused.Load() == 0)
	})
}

// expect says what a record means to one tree, after the description of records.
func expect(record []byte, at acker.RootID, left uint64) (complete, failed int, valid bool) {
	if len(record) == 0 {
		return 0, 0, false
	}
	if record[0] == recordLost { // which fails all trees, by another word
		return 0, 0, len(record) == 5 && binary.BigEndian.Uint32(record[1:]) < 3
	}
	if record[0] == recordMail {
		_, refused := expectMail(record[1:])
		return 0, 0, refused == 0
	}
	size := map[byte]int{recordAcks: 16, recordTouches: 8}[record[0]]
	b := record[1:]
	if record[0] == recordFailure && len(b) >= 8 {
		r := acker.RootID(binary.BigEndian.Uint64(b))
		if r == at {
			failed = 1
		}
		return 0, failed, r.Task() == farSpout
	}
	if size == 0 || len(b)%size != 0 {
		return 0, 0, false
	}
	for ; len(b) > 0; b = b[size:] {
		r := acker.RootID(binary.BigEndian.Uint64(b))
		if r.Task() != farSpout {
			return complete, 0, false
		}
		if r == at && size == 16 && left != 0 {
			if left ^= binary.BigEndian.Uint64(b[8:]); left == 0 {
				complete++
			}
		}
	}
	return complete, 0, true
}

// Whatever comes as a part of a mail, a task is given a mail only when all parts of one have come in order, from a task of that worker.
func FuzzMail(f *testing.F) {
	part := func(number, from, to, size, at uint32, text string) []byte {
		return append(mailPart{number, from, to, size, at}.appendTo(nil), text...)
	}
	f.Add(part(1, 1, farSpout, 3, 0, "abc"), part(2, 3, farSpout, 0, 0, ""))
	f.Add(part(1, 1, farSpout, 3, 0, "ab"), part(1, 1, farSpout, 3, 2, "c"))
	f.Add(part(1, 1, farSpout, 3, 0, "ab"), part(2, 1, farSpout, 3, 2, "c"))
	f.Add(part(1, 4, farSpout, 3, 0, "abc"), part(1, 1, 2, 3, 0, "abc"))
	f.Add(part(1, 1, farSpout, topology.MaxMail+1, 0, "abc"), part(1, 1, farSpout, 1, 0xffffffff, "ab"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		w := newTrio(t, Options{Seed: 1}).workers[0]
		w.Control(1, first)
		w.Control(1, second)
		if len(first) == 0 || len(second) == 0 || first[0] != recordMail || second[0] != recordMail {
			return // see FuzzControl
		}
		got, refused := expectMail(first[1:], second[1:])
		require.Equal(t, got, w.spouts[0].mail.take())
		require.Equal(t, refused, w.slots[1].refused.Load())
		require.LessOrEqual(t, len(w.slots[1].mailText), len(first)+len(second), "a claimed size costs nothing")
	})
}

// expectMail says what two records mean to the spout, after the description of mailPart.
func expectMail(records ...[]byte) (got []letter, refused int64) {
	var under []byte // the head of what has begun, without where it begins
	var text []byte
	for _, r := range records {
		if len(r) < 20 {
			refused++
			continue
		}
		n := func(i int) int { return int(binary.BigEndian.Uint32(r[4*i:])) }
		from, to, size, at, b := n(1), n(2), n(3), n(4), r[20:]
		if to != farSpout || from < 1 || from > 3 || size > topology.MaxMail || at+len(b) > size {
			refused++
			continue
		}
		if at == 0 {
			under, text = r[:16], nil
		}
		if under == nil || string(under) != string(r[:16]) || at != len(text) || len(b) == 0 && size > 0 {
			refused++
			under = nil
			continue
		}
		if text = append(text, b...); len(text) == size {
			got = append(got, letter{topology.TaskID(from), text})
			under = nil
		}
	}
	return got, refused
}

// A part whose middle was lost with a life of the link is not made whole by that of another mail.
func TestMailWithoutItsMiddle(t *testing.T) {
	three := newTrio(t, Options{})
	sender, receiver := three.workers[1], three.workers[0]
	sent := func(fill byte) (records [][]byte) {
		text := make([]byte, 2*maxRecord+1)
		for i := range text {
			text[i] = fill
		}
		require.True(t, sender.taskHere(1).mailTo(farSpout, text))
		records, three.boxes[0].records = three.boxes[0].records, nil
		require.Len(t, records, 3)
		return records
	}
	a, b, c := sent('a'), sent('b'), sent('c')
	for _, record := range [][]byte{a[0], b[1], b[2], c[0], c[1], c[2]} {
		receiver.Control(1, record)
	}
	got := receiver.spouts[0].mail.take()
	require.Len(t, got, 1)
	require.Equal(t, byte('c'), got[0].text[maxRecord])
	require.EqualValues(t, 2, receiver.slots[1].refused.Load())
}

// Mail for a worker that can't be reached is dropped and counted; so is mail for one to which too much is under way, and that is reported.
func TestMailThatCannotGo(t *testing.T) {
	three := newTrio(t, Options{})
	w, box := three.workers[1], three.boxes[0]
	from := w.taskHere(2)
	lost := func() int64 { return w.Snapshot().Tasks[1].LostMail }
	box.backlog = maxBacklog
	require.True(t, from.mailTo(farSpout, nil))
	require.Len(t, box.records, 1)
	box.backlog++
	for range 3 {
		require.True(t, from.mailTo(farSpout, nil))
	}
	require.Len(t, box.records, 1)
	require.EqualValues(t, 3, lost())
	require.Len(t, w.Snapshot().Errors, 1)
	require.Equal(t, errBacklog.Error(), w.Snapshot().Errors[0].Text)
	w.Connect(0, nil)
	require.True(t, from.mailTo(farSpout, nil))
	require.EqualValues(t, 4, lost())
	require.Len(t, w.Snapshot().Errors, 1)
}
