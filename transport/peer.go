package transport

// Peer is another worker and the link to it. Its methods may be called from any goroutine, also after it was removed, when they do nothing.
type Peer struct{}

// Send takes a copy of slab, to be handed to the peer's Handler. It never blocks: false means that there is no credit, and
// nothing was taken; Handler.Credit is called when there is again. A slab of more than MaxSlab bytes is a
// programmer's mistake, and panics.
func (p *Peer) Send(dest Dest, slab []byte) bool { panic("not written yet") }

// Credits returns how many slabs may be sent to dest now.
func (p *Peer) Credits(dest Dest) int { panic("not written yet") }

// Control takes a copy of record, to be handed to the peer's Handler. It needs no credit and never blocks, so it is for the caller to
// bound what it sends while the peer is away. A record of more than MaxSlab bytes panics.
func (p *Peer) Control(record []byte) { panic("not written yet") }

// Grant says that one slab that dest had from this peer has been handled, so that the peer may send another. It is called
// once for each slab, also for those of a former life.
func (p *Peer) Grant(dest Dest) { panic("not written yet") }

// Life returns the peer's life, 0 until both ends know each other.
func (p *Peer) Life() uint64 { panic("not written yet") }

// ID returns the peer's worker id.
func (p *Peer) ID() string { panic("not written yet") }

// Stats returns how the link fares.
func (p *Peer) Stats() Stats { panic("not written yet") }
