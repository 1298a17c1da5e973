package source

import "github.com/galestream/gale/topology"

// line is one line to emit. Its address is its message id, so tracking costs no
// allocation and no map: while the tree is pending, the ledger keeps the line.
type line struct {
	text string
	file string
	at   int64 // its number from 1, or its offset in bytes
}

// burst is how many lines one Next emits at most: acks wait while Next runs.
const burst = 64

// outbox holds the lines that a spout has to emit. It is the Acknowledger of the
// spouts that embed it.
type outbox struct {
	ready []line // read and not emitted yet
	// Those to emit again. Invariant: no more than the trees that may be pending, because
	// new lines are emitted only while there is none of these.
	failed []*line
}

// Ack implements [topology.Acknowledger]. There is nothing to forget: see line.
func (o *outbox) Ack(any) {}

// Fail implements [topology.Acknowledger]: the line is emitted again by a later Next.
func (o *outbox) Fail(id any, _ error) { o.failed = append(o.failed, id.(*line)) }

func (o *outbox) empty() bool { return len(o.failed) == 0 && len(o.ready) == 0 }

// emit emits a burst. The outbox must be consistent at each EmitID, which may call Fail.
func (o *outbox) emit(out *topology.SpoutCollector) {
	for range burst {
		l := o.next()
		if l == nil {
			return
		}
		out.EmitID(l, l.text, l.file, l.at)
	}
}

// next removes the line to emit next, nil when there is none.
func (o *outbox) next() *line {
	if len(o.failed) > 0 {
		l := o.failed[0]
		o.failed[0] = nil
		o.failed = o.failed[1:]
		return l
	}
	if len(o.ready) > 0 {
		l := &o.ready[0]
		o.ready = o.ready[1:]
		return l
	}
	o.ready, o.failed = nil, nil // so that they do not pin what was emitted
	return nil
}
