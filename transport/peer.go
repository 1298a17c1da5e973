package transport

import "sync"

// Peer is another worker and the link to it. Its methods may be called from any goroutine, also when it is no peer any more: then
// they do nothing.
type Peer struct {
	id       string
	node     *Node
	subjects [lanes]string
	// handing is held while something of a lane is handed to the Handler; a Reset holds both. They are taken in the order
	// control, data, and before mu.
	handing [lanes]sync.Mutex
	work    chan struct{} // the writer is to look
	ended   chan struct{}
	scratch [stateSize]byte // the writer's

	mu struct {
		sync.Mutex
		*session
		idle bool // the writer waits for work
		lazy bool // the node will flush
	}
}

// linkBits are the lowest bits of the lives that links speak of: the number of the link among those that the process has made. The
// others are the process' life. So a peer that was removed and is added again begins a new life for the other end too, which
// need not have removed us.
const (
	linkBits = 24
	maxLife  = 1<<(64-linkBits) - 1
)

// newPeer makes the link of the given number, from 1.
func newPeer(n *Node, id string, number uint64) *Peer {
	p := &Peer{id: id, node: n, work: make(chan struct{}, 1), ended: make(chan struct{})}
	p.subjects[data] = n.options.Subject(id, n.options.Worker)
	p.subjects[control] = p.subjects[data] + controlSuffix
	p.mu.session = newSession(n.options.Life<<linkBits+number, n.options.Credits, n.options.MaxFrame)
	p.work <- struct{}{}
	return p
}

// Send takes a copy of slab, to be handed to the peer's Handler. It never blocks: false means that there is no credit, and
// nothing was taken; Handler.Credit is called when there is again. Before the peer is first up what credits allow is taken
// and waits. A slab of more than MaxSlab bytes is a programmer's mistake, and panics.
func (p *Peer) Send(dest Dest, slab []byte) bool {
	p.node.checkSize(slab)
	p.mu.Lock()
	defer p.unlock()
	return p.mu.send(dest, slab)
}

// Credits returns how many slabs may be sent to dest now.
func (p *Peer) Credits(dest Dest) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.gone {
		return 0
	}
	return p.mu.credits.left(dest)
}

// Control takes a copy of record, to be handed to the peer's Handler. It needs no credit and never blocks, so it is for the caller to
// bound what it sends while the peer is away. A record of more than MaxSlab bytes panics.
func (p *Peer) Control(record []byte) {
	p.node.checkSize(record)
	p.mu.Lock()
	defer p.unlock()
	p.mu.record(record)
}

// Grant says that one slab that dest had from this peer has been handled, so that the peer may send another. It is called
// once for each slab, also for those of a former life.
func (p *Peer) Grant(dest Dest) {
	p.mu.Lock()
	defer p.unlock()
	p.mu.grant(dest)
}

// Life returns the peer's life, 0 until both ends know each other.
func (p *Peer) Life() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.mu.up {
		return 0
	}
	return p.mu.peer >> linkBits
}

// ID returns the peer's worker id.
func (p *Peer) ID() string { return p.id }

// Stats returns how the link fares.
func (p *Peer) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.snapshot()
}

// unlock unlocks mu and sees to it that the writer does what has become due.
func (p *Peer) unlock() {
	wake := p.mu.idle && p.mu.ready()
	if wake {
		p.mu.idle = false
	}
	lazy := !p.mu.lazy && p.mu.owes()
	p.mu.lazy = p.mu.lazy || lazy
	p.mu.Unlock()
	if wake {
		select {
		case p.work <- struct{}{}:
		default: // it has ended, or is about to look
		}
	}
	if lazy {
		p.node.flushSoon()
	}
}

// update changes the session and has the writer do what has become due.
func (p *Peer) update(change func(*session)) {
	p.mu.Lock()
	defer p.unlock()
	change(p.mu.session)
}

// flushNow has the writer send what is owed.
func (p *Peer) flushNow() {
	p.mu.Lock()
	defer p.unlock()
	p.mu.lazy = false
	p.mu.flush = p.mu.owes()
}

// leave ends the session. When it returns nothing is being handed over, nor will be.
func (p *Peer) leave() (known bool) {
	p.handing[control].Lock()
	defer p.handing[control].Unlock()
	p.handing[data].Lock()
	defer p.handing[data].Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.session.leave()
}

// remove ends the link of one that is no peer any more.
func (p *Peer) remove() {
	known := p.leave()
	close(p.ended)
	if known {
		p.node.options.Handler.Reset(p)
	}
}
