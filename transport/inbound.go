package transport

// inbound is the receiving half of a lane.
type inbound struct {
	received uint64 // all up to this sequence were received
	told     uint64 // what the peer was last told of received
	again    bool   // the peer has missed what it was told
	missed   uint64 // the sequence that the peer was last told is missing
}

// confirmEvery is after how many frames the peer is told at once that they have come.
const confirmEvery = 16

// verdict is what becomes of a frame.
type verdict int

const (
	next verdict = iota
	duplicate
	early
)

func (i *inbound) judge(seq uint64) verdict {
	switch {
	case seq <= i.received:
		return duplicate
	case seq > i.received+1:
		return early
	}
	return next
}

// miss reports whether the peer is still to be told that the next frame is missing: a burst of frames after a gap tells
// it once.
func (i *inbound) miss() bool {
	known := i.missed == i.received+1
	i.missed = i.received + 1
	return !known
}

// owes reports whether there is something to confirm, due whether that can't wait.
func (i *inbound) owes() bool { return i.received != i.told || i.again }
func (i *inbound) due() bool  { return i.received-i.told >= confirmEvery }

// tell returns what to confirm.
func (i *inbound) tell() uint64 {
	i.told, i.again = i.received, false
	return i.received
}
