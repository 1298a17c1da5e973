package acker

// execute has a bolt work on one or more tuples: breed children of them, then ack, fail
// or drop each.
func (s *simulation) execute() {
	var inputs []tuple
	for n := 1 + s.below(s.joined); n > 0 && len(s.pool) > 0; n-- {
		var in tuple
		in, s.pool = take(s.pool, s.below(len(s.pool)))
		inputs = append(inputs, in)
	}
	if len(s.pool) < 64 && len(inputs) > 0 {
		s.breed(inputs)
	}
	for _, in := range inputs {
		s.conclude(in)
	}
}

func (s *simulation) breed(inputs []tuple) {
	for range s.below(s.bred + 1) {
		if child := s.child(inputs); len(child.anchors) > 0 {
			s.pool = append(s.pool, child)
		}
		if len(inputs) > 1 {
			s.tally.joins++
		}
	}
}

// child is anchored to some of the anchors of its parents, or to none.
func (s *simulation) child(parents []tuple) (child tuple) {
	for _, p := range parents {
		for i := range p.anchors {
			if s.below(4) > 0 {
				child.join(&p.anchors[i], s.edge(s.random))
			}
		}
	}
	return child
}

func (s *simulation) conclude(in tuple) {
	switch k := s.below(64); {
	case k < s.faults:
		s.failTuple(in)
	case k < 2*s.faults:
		for _, a := range in.anchors {
			a.tree.lost = true
		}
	default:
		s.ackTuple(in)
	}
}

// ackTuple sends the acks of a tuple on their ways, on which one or another may be lost.
func (s *simulation) ackTuple(in tuple) {
	for _, a := range in.anchors {
		if s.below(128) < s.faults {
			a.tree.lost = true
			continue
		}
		s.acks = append(s.acks, ack{a.tree, a.edge ^ a.born, 1})
	}
}

func (s *simulation) failTuple(in tuple) {
	for _, a := range in.anchors {
		a.tree.lost = true
		s.failTree(a.tree)
	}
}

func (s *simulation) failTree(t *tree) {
	first := s.ledger.Fail(t.root)
	if first != t.live() {
		s.wrong("Fail of %v is %v; failed before: %v, settled: %v", t.root, first, t.failed, t.settled)
	}
	if first {
		t.failed = true
		s.words = append(s.words, t)
	}
}

// applyAny applies one of the acks that are under way, alone or merged with others of its tree.
func (s *simulation) applyAny() {
	if len(s.acks) == 0 {
		return
	}
	var a ack
	a, s.acks = take(s.acks, s.below(len(s.acks)))
	if s.below(2) == 0 {
		a = s.merge(a)
	}
	s.apply(a)
}

func (s *simulation) merge(a ack) ack {
	for i := len(s.acks) - 1; i >= 0; i-- {
		if s.acks[i].tree == a.tree && s.below(2) == 0 {
			var b ack
			b, s.acks = take(s.acks, i)
			a.x ^= b.x
			a.edges += b.edges
			s.tally.merges++
		}
	}
	return a
}

func (s *simulation) apply(a ack) {
	t, tick := a.tree, s.taskTick()
	live := t.live()
	t.outstanding -= a.edges
	complete, ok := s.ledger.Apply(t.root, a.x, tick)
	if ok != live {
		s.wrong("Apply to %v is %v; failed: %v, settled: %v", t.root, ok, t.failed, t.settled)
	}
	s.checkComplete(t, complete, live)
	if !ok {
		s.countLate(t)
	} else if s.mode == SinceProgress {
		t.touch(tick)
	}
	if complete {
		s.words = append(s.words, t)
	}
}

func (s *simulation) checkComplete(t *tree, complete, live bool) {
	switch {
	case complete && !live:
		s.wrong("double completion of %v", t.root)
	case complete && t.outstanding > 0:
		s.wrong("false completion of %v: %d edges are outstanding", t.root, t.outstanding)
	case live && !complete && t.outstanding == 0:
		s.wrong("no completion of %v: nothing is outstanding", t.root)
	}
}

func (s *simulation) countLate(t *tree) {
	s.tally.late++
	for _, o := range s.open {
		if o.root.slot() == t.root.slot() && o != t {
			s.tally.reused++
		}
	}
}

// taskTick is the coarse time of a bolt's task, whose clock reading may be older or newer than
// the owner's.
func (s *simulation) taskTick() uint32 { return s.tick + 1 - uint32(s.below(4)) }

// touchAny gives a tree the full timeout again, open or not. One that is complete has no tuple
// left from which that could be asked.
func (s *simulation) touchAny() {
	t := s.anyTree()
	if t == nil || t.live() && t.outstanding == 0 {
		return
	}
	tick := s.taskTick()
	if ok := s.ledger.Touch(t.root, tick); ok != t.live() {
		s.wrong("Touch of %v is %v; failed: %v, settled: %v", t.root, ok, t.failed, t.settled)
	} else if ok {
		t.touch(tick)
	}
}

// doubleAny says again what has been said of a tree that has failed or ended.
func (s *simulation) doubleAny() {
	t := s.anyTree()
	if t == nil || t.live() {
		return
	}
	s.tally.doubled++
	if s.failTree(t); t.settled {
		s.settleTree(t)
	}
}

func (s *simulation) anyTree() *tree {
	n := s.below(len(s.open) + len(s.ended) + 1)
	switch {
	case n < len(s.open):
		return s.open[n]
	case n < len(s.open)+len(s.ended):
		return s.ended[n-len(s.open)]
	}
	return nil
}
