package acker

// emitRoot opens a tree and sends its root, when there is room.
func (s *simulation) emitRoot() {
	if s.ledger.Full() {
		return
	}
	s.opened++
	s.tally.trees++
	t := &tree{opened: s.opened, began: s.tick}
	t.root = s.ledger.Open(t, t.opened, s.tick)
	if t.root.Task() != simulatedTask || t.root.slot() >= uint32(s.slots) || t.root.generation() == 0 {
		s.wrong("Open returned %v", t.root)
	}
	s.open = append(s.open, t)
	edges := make([]uint64, s.below(s.edges+1))
	for i := range edges {
		edges[i] = s.edge(s.random)
	}
	t.outstanding = len(edges)
	complete := s.emit(s.ledger, emission{t.root, edges, s.tick, func(i int) { s.hand(t, edges[i]) }})
	if complete != (len(edges) == 0) {
		s.wrong("false completion: Arm of %v with %d edges is %v", t.root, len(edges), complete)
	}
	if complete {
		s.words = append(s.words, t)
	}
}

func (s *simulation) hand(t *tree, edge uint64) {
	s.pool = append(s.pool, tuple{[]anchor{{tree: t, edge: edge}}})
	for s.problem == nil && s.below(4) == 0 {
		s.downstream()
	}
}

// deliver tells the owner one of the words that are under way, now and then twice.
func (s *simulation) deliver() {
	if len(s.words) == 0 {
		return
	}
	i := s.below(len(s.words))
	t := s.words[i]
	if s.below(8) == 0 {
		s.tally.doubled++
	} else {
		t, s.words = take(s.words, i)
	}
	s.settleTree(t)
}

func (s *simulation) settleTree(t *tree) {
	settle := s.ledger.Settle
	if t.failed {
		settle = s.ledger.SettleFailed
	}
	got, ok := settle(t.root)
	if ok == t.settled {
		s.wrong("Settle of %v is %v; the tree had been settled: %v", t.root, ok, t.settled)
	}
	if !ok {
		return
	}
	if t.failed {
		s.tally.failed++
	} else {
		s.tally.completed++
	}
	s.end(t, got)
}

// end has the model settle the tree that the ledger has handed back.
func (s *simulation) end(t *tree, got Settled) {
	if got.ID != any(t) || got.Opened != t.opened {
		s.wrong("%v was handed back with the id or time of another", t.root)
		return
	}
	t.settled = true
	for i := range s.open {
		if s.open[i] == t {
			_, s.open = take(s.open, i)
			break
		}
	}
	if len(s.ended) < 16 {
		s.ended = append(s.ended, t)
	} else {
		s.ended[s.below(16)] = t
	}
}

// sweep lets some time pass.
func (s *simulation) sweep() {
	s.tick += uint32(s.below(4))
	due := 0
	for _, t := range s.open {
		if int32(s.tick-t.began) >= int32(s.age) {
			due++
		}
	}
	s.expired = s.ledger.Expire(s.tick, s.age, s.expired[:0])
	if len(s.expired) != due {
		s.wrong("Expire ended %d trees, %d were due", len(s.expired), due)
	}
	s.endAll(&s.tally.expired)
	if s.expired = s.ledger.Expire(s.tick, s.age, s.expired[:0]); len(s.expired) != 0 {
		s.wrong("a second Expire ended %d more trees", len(s.expired))
	}
}

// endAll ends what is in s.expired.
func (s *simulation) endAll(count *int) {
	for _, got := range s.expired {
		t, ok := got.ID.(*tree)
		if !ok || t.settled {
			s.wrong("a tree that had been settled was ended again")
			return
		}
		*count++
		s.end(t, got)
	}
}

// drain ends the rest.
func (s *simulation) drain() {
	for _, t := range s.open {
		if !t.lost {
			s.wrong("%v is open with nothing outstanding", t.root)
		}
	}
	s.expired = s.ledger.Drain(s.expired[:0])
	s.endAll(&s.tally.expired)
	if len(s.open) != 0 {
		s.wrong("Drain left %d trees", len(s.open))
	}
}
