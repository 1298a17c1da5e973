package acker

// tree is what the model knows of a tree. It counts edges where the ledger XORs them.
type tree struct {
	root        RootID
	opened      int64
	began       uint32 // tick from which its timeout counts
	outstanding int    // edges made whose ack is not in the ledger
	lost        bool   // one of its edges will never be acked
	failed      bool
	settled     bool
}

// live reports whether the tree still takes acks and fails.
func (t *tree) live() bool { return !t.failed && !t.settled }

// touch moves the beginning of the timeout, which never goes back.
func (t *tree) touch(tick uint32) {
	if int32(tick-t.began) > 0 {
		t.began = tick
	}
}

// anchor is a tuple's place in one tree: its edge, and the XOR of the edges born from it.
type anchor struct {
	tree *tree
	edge uint64
	born uint64
}

// tuple is on its way to a bolt.
type tuple struct{ anchors []anchor }

// join anchors the tuple to a parent's anchor with a new edge. Two parents of one tree
// share the charge for the one edge the tuple has in it.
func (t *tuple) join(parent *anchor, edge uint64) {
	parent.born ^= edge
	for i := range t.anchors {
		if t.anchors[i].tree == parent.tree {
			t.anchors[i].edge ^= edge
			return
		}
	}
	parent.tree.outstanding++
	t.anchors = append(t.anchors, anchor{tree: parent.tree, edge: edge})
}

// ack is on its way to the ledger; merged, it stands for several edges of its tree.
type ack struct {
	tree  *tree
	x     uint64
	edges int
}

// take removes element i of s, and does not keep the order.
func take[T any](s []T, i int) (T, []T) {
	x, last := s[i], len(s)-1
	s[i] = s[last]
	clear(s[last:])
	return x, s[:last]
}
