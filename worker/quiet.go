package worker

import (
	"context"
)

// quiet waits until nothing is under way: every task is asleep, and no inbox or lane holds
// anything. It reports false when patience ended first.
func (r *run) quiet(patience context.Context) bool {
	for !r.w.isQuiet() {
		select {
		case <-r.w.rests:
		case <-patience.Done():
			return false
		}
	}
	return true
}

// sourcesOver reports whether no spout will emit anything unless a tree fails.
func (w *Worker) sourcesOver() bool {
	for _, t := range w.spouts {
		if !t.idle.Load() || !t.over.Load() {
			return false
		}
	}
	return true
}

// isQuiet looks twice: what changed between the looks was not quiet. A slab or a mail that one look misses in
// an inbox that it has passed has come from a task that it has yet to pass, and that
// has sent more by the second look.
func (w *Worker) isQuiet() bool {
	first, quiet := w.look()
	if !quiet {
		return false
	}
	second, quiet := w.look()
	return quiet && first == second
}

// look reports whether all tasks are asleep with nothing to take, and how many slabs and mails were ever sent.
func (w *Worker) look() (sent int64, quiet bool) {
	for _, t := range w.spouts {
		if !t.idle.Load() || !t.over.Load() || t.lane.waiting.Load() || !t.mail.empty() {
			return 0, false
		}
		sent += t.mail.sent.Load()
	}
	for _, t := range w.bolts {
		if !t.idle.Load() || t.in.sent.Load() != t.taken.Load() || !t.mail.empty() {
			return 0, false
		}
		sent += t.in.sent.Load() + t.mail.sent.Load()
	}
	return sent, true
}

// mayFinish reports whether it is time for the bolts to finish when nothing is under way: every tree
// is complete, or some bolt holds tuples, which its Finish may settle. Else the trees that are
// left have lost a tuple, will time out, and may be replayed.
func (w *Worker) mayFinish() bool { return w.holding() || w.pending() == 0 }

// holding reports whether some bolt holds tuples.
func (w *Worker) holding() bool {
	for _, t := range w.bolts {
		if t.holding.Load() {
			return true
		}
	}
	return false
}

// pending returns how many trees are not complete, as was last published.
func (w *Worker) pending() (n int) {
	for _, t := range w.spouts {
		p := &t.figures.published
		p.Lock()
		n += p.pending
		p.Unlock()
	}
	return n
}
