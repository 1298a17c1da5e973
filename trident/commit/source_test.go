package commit

import "time"

// tasks are the source and state tasks that a coordinator works with.
type tasks struct {
	host       *host // where mail goes
	sources    []*sourceTask
	partitions []*partitionTask
}

func newTasks(w *world) *tasks {
	t := &tasks{}
	for i := range w.opt.Sources {
		s := &sourceTask{w: w, tasks: t, index: i}
		t.sources = append(t.sources, s)
		w.after(time.Duration(i)*time.Millisecond, s.nag)
	}
	for i := range w.partitions {
		p := &partitionTask{w: w, tasks: t, index: i, wakeAt: w.wall() + int64(w.below(w.wakes))}
		t.partitions = append(t.partitions, p)
		p.open()
		w.after(time.Duration(i)*time.Millisecond, p.nag)
	}
	return t
}

// sourceTask reads some partitions of an opaque source: a batch that is read again is cut elsewhere.
type sourceTask struct {
	w        *world
	tasks    *tasks
	index    int
	attempt  Attempt
	expected TxID // the next to be read; 0 until the positions have come
	at       map[int]int
	early    map[TxID]packet
}

type packet struct {
	host  *host
	batch Batch
}

func (p packet) id() batchID { return batchID{p.batch.TxID, p.batch.Attempt} }

// available says how much of a partition of the source there is by now.
func (s *sourceTask) available() int {
	return min(s.w.records, int(s.w.now/(20*time.Millisecond)))
}

func (s *sourceTask) parts() (parts []int) {
	for i := range s.w.partsEach {
		parts = append(parts, s.index*s.w.partsEach+i)
	}
	return parts
}

// nag says Ready, again and again, as long as there is something to read.
func (s *sourceTask) nag() {
	s.w.after(time.Duration(10+s.w.below(60))*time.Millisecond, s.nag)
	if s.at == nil || s.more() {
		h := s.tasks.host
		s.w.mail(func() { h.step(Ready{Source: s.index}) })
	}
}

func (s *sourceTask) more() bool {
	for _, part := range s.parts() {
		if s.at[part] < s.available() {
			return true
		}
	}
	return false
}

// crash forgets everything.
func (s *sourceTask) crash() { s.attempt, s.expected, s.at, s.early = 0, 0, nil, nil }

func (s *sourceTask) packet(h *host, b Batch) {
	if b.Attempt < s.attempt {
		s.w.tally.stale++
		return
	}
	if b.Attempt > s.attempt {
		s.attempt, s.expected, s.early = b.Attempt, 0, map[TxID]packet{}
	}
	s.early[b.TxID] = packet{h, b}
	if b.Positions != nil {
		s.seek(b)
	}
	if s.expected == 0 && s.w.below(2) == 0 {
		h.nack(batchID{b.TxID, b.Attempt})
	}
	for p, ok := s.early[s.expected]; ok; p, ok = s.early[s.expected] {
		s.read(p)
	}
}

func (s *sourceTask) seek(b Batch) {
	if s.expected = b.TxID; s.at != nil && s.w.broken.noSeek {
		return
	}
	s.at = map[int]int{}
	for _, part := range s.parts() {
		s.at[part] = decodePosition(b.Positions[partName(part)])
	}
}

func (s *sourceTask) read(p packet) {
	s.expected++
	r := Report{TxID: p.batch.TxID, Attempt: p.batch.Attempt, Source: s.index, Positions: map[string][]byte{}, Ended: true}
	chunks := make([]chunk, s.w.partitions)
	for _, part := range s.parts() {
		n := s.w.below(1 + min(s.w.bite, max(0, s.available()-s.at[part])))
		for range n {
			key := s.w.key(part, s.at[part])
			chunks[s.w.owner(key)] = append(chunks[s.w.owner(key)], record{key, s.at[part]})
			s.at[part]++
		}
		r.Records += uint64(n)
		if r.Positions[partName(part)] = encodePosition(s.at[part]); n == 0 && s.w.below(2) == 0 {
			r.Positions[partName(part)] = nil
		}
		r.Ended = r.Ended && s.at[part] == s.w.records
	}
	r.More = s.more()
	for i, t := range s.tasks.partitions {
		s.w.packet(func() { t.chunk(p, s.index, chunks[i]) })
	}
	s.w.mail(func() { p.host.step(r) })
}

// chunk is what a source task sends a state partition of one batch, with its End.
type chunk []record

type record struct{ key, number int }
