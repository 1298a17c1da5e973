package commit

import "time"

// strike does something bad, and has itself called again.
func (w *world) strike() {
	if !w.faulty {
		return
	}
	w.after(time.Duration(w.random.Int64N(int64(2*w.faults))), w.strike)
	t := w.current.tasks
	switch w.below(9) {
	case 0:
		w.crashHost()
	case 1, 2:
		w.tally.crashes++
		t.partitions[w.below(len(t.partitions))].open()
	case 3:
		w.tally.crashes++
		t.sources[w.below(len(t.sources))].crash()
	case 4:
		w.takeOver(func() *tasks { return t })
	case 5:
		w.takeOver(func() *tasks { return newTasks(w) })
	case 6:
		w.failAny()
	case 7:
		w.skew = int64(w.below(600) - 300)
	case 8:
		w.pause()
	}
}

func (w *world) crashHost() {
	w.tally.crashes++
	w.current.dead = true
	w.current.restart()
}

// takeOver starts another coordinator, while the old one goes on as a zombie: with the same tasks, or with its own, which then are
// zombies, too.
func (w *world) takeOver(with func() *tasks) {
	if len(w.hosts) < 12 {
		w.tally.zombies++
		w.current = newHost(w, with())
		w.current.step(Start{})
	}
}

// bury ends the zombies, as the cluster does that has put others in their place.
func (w *world) bury() {
	for _, h := range w.hosts {
		h.dead = h.dead || h != w.current
	}
}

// failAny fails a tree that may be of any attempt, and over.
func (w *world) failAny() {
	h := w.current
	if len(w.log.fences) == 0 {
		return
	}
	id := batchID{w.log.last.TxID + TxID(w.below(3)), w.log.fences[len(w.log.fences)-1].attempt}
	if h.trees[id] != nil {
		h.step(Failed{TxID: id.txid, Attempt: id.attempt})
	}
}

// pause stops the coordinator for a while.
func (w *world) pause() {
	h := w.current
	h.step(Stop{})
	w.after(time.Duration(w.below(100))*time.Millisecond, func() { h.step(Start{}) })
}
