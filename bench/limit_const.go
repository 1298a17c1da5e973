package main

import "context"

// chainLimit is the bare loop of the const and fan-out cases: a source, perhaps a middle that
// makes some tuples of each, and a sink.
type chainLimit struct {
	bare
	children  int  // of each tuple at the middle; 0: there is no middle
	countAcks bool // count at the source, completed trees; else at the sink, tuples
	read      int  // what the sink has read, so that it does
}

func newConstLimit(s constShape) *chainLimit {
	l := &chainLimit{countAcks: s.acked}
	if s.id {
		l.children = 1
	}
	l.init(s.acked, []string{text})
	return l
}

func newFanoutLimit() *chainLimit {
	l := &chainLimit{children: fan}
	l.init(true, []string{text})
	return l
}

func (l *chainLimit) run(ctx context.Context) error {
	first, back := newLink[move](), newLink[uint32]()
	last := first
	var stages []func()
	if l.children > 0 {
		last = newLink[move]()
		stages = append(stages, func() { l.middle(first, last) })
	}
	stages = append(stages, func() { l.sink(last, back) })
	l.loop(ctx, first, back, l.settled, stages...)
	return nil
}

func (l *chainLimit) settled(trees int) {
	if l.countAcks {
		l.counted.Add(int64(trees))
	}
}

func (l *chainLimit) middle(in, out link[move]) {
	defer close(out.full)
	random := edges(2)
	o := <-out.empty
	for b := range in.full {
		for i := range b.items {
			o = l.multiply(&b.items[i], o, out, &random)
		}
		in.giveBack(b)
		if len(in.full) == 0 && len(o.items) > 0 { // nothing is left to fill the batch with
			out.full <- o
			o = <-out.empty
		}
	}
}

// multiply emits the children of a tuple, and acks it.
func (l *chainLimit) multiply(m *move, o *batch[move], out link[move], random *edges) *batch[move] {
	x := m.edge
	for range l.children {
		if o.full() {
			out.full <- o
			o = <-out.empty
		}
		child := move{slot: m.slot, text: m.text}
		if l.acked {
			child.edge = random.next()
			x ^= child.edge
		}
		o.items = append(o.items, child)
	}
	if l.acked {
		l.apply(m.slot, x)
	}
	return o
}

func (l *chainLimit) sink(in link[move], back link[uint32]) {
	for b := range in.full {
		for i := range b.items {
			l.read += len(b.items[i].text)
		}
		if l.acked {
			l.settle(b.items, back)
		}
		if !l.countAcks {
			l.counted.Add(int64(len(b.items)))
		}
		in.giveBack(b)
	}
}
