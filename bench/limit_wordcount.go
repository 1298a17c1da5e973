package main

import (
	"context"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// wordLimit is the bare loop of the word count: a source of lines, one goroutine that splits them
// and sends each word to the counter of its hash, and the counters.
type wordLimit struct{ bare }

func newWordLimit(plan) (load, error) {
	lines, err := sourceLines()
	l := &wordLimit{}
	l.init(true, lines)
	return l, err
}

func (l *wordLimit) run(ctx context.Context) error {
	lines, back := newLink[move](), newLink[uint32]()
	var words []link[move]
	var stages []func()
	for range counters {
		w := newLink[move]()
		words = append(words, w)
		stages = append(stages, func() { l.count(w, back) })
	}
	stages = append(stages, func() { l.split(lines, words, back) })
	l.loop(ctx, lines, back, func(int) {}, stages...)
	return nil
}

func (l *wordLimit) split(in link[move], out []link[move], back link[uint32]) {
	random := edges(2)
	words := make([]*batch[move], len(out))
	for k := range out {
		defer close(out[k].full)
		words[k] = <-out[k].empty
	}
	for b := range in.full {
		done := <-back.empty
		for i := range b.items {
			m := &b.items[i]
			if x := l.splitLine(m, words, out, &random); l.apply(m.slot, x) {
				done.items = append(done.items, m.slot) // a line without words
			}
		}
		tell(done, back)
		in.giveBack(b)
		if len(in.full) == 0 { // nothing is left to fill the batches with
			flush(words, out)
		}
	}
}

// flush sends the batches that have words in them.
func flush(words []*batch[move], out []link[move]) {
	for k := range out {
		if len(words[k].items) > 0 {
			out[k].full <- words[k]
			words[k] = <-out[k].empty
		}
	}
}

// splitLine emits the words of a line, and returns the XOR that acks it.
func (l *wordLimit) splitLine(m *move, words []*batch[move], out []link[move], random *edges) uint64 {
	x := m.edge
	for word := range strings.FieldsSeq(m.text) {
		k := xxhash.Sum64String(word) % uint64(len(out))
		if words[k].full() {
			out[k].full <- words[k]
			words[k] = <-out[k].empty
		}
		edge := random.next()
		x ^= edge
		words[k].items = append(words[k].items, move{slot: m.slot, edge: edge, text: word})
	}
	return x
}

func (l *wordLimit) count(in link[move], back link[uint32]) {
	counts := map[string]int64{}
	for b := range in.full {
		for i := range b.items {
			counts[b.items[i].text]++
		}
		l.settle(b.items, back)
		l.counted.Add(int64(len(b.items)))
		in.giveBack(b)
	}
}
