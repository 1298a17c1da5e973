// Package transport carries slabs of tuples and control records between the workers of a topology: exactly once, in order, and never
// more than the receiver has room for, over core NATS, which gives none of this.
//
// # In call order
//
// A worker opens a [Node] on its NATS connection and tells it its peers with [Node.SetPeers]. A [Peer] is one end of a link. The
// emitters call [Peer.Send] with slabs, each for a [Dest], and [Peer.Control] with control records; neither ever
// blocks. What comes is handed to the [Handler], which calls [Peer.Grant] when it has handled a slab.
//
// # What is guaranteed
//
// A worker has an id, and each process of it a life, higher than those before it. Between a life of one end and a life of the other every
// slab and every control record is handed over at most once and in order within its lane, and exactly once as long as both live and
// can reach NATS again; losses, duplicates, slow consumers and restarts of NATS are made up for. When an end begins a new life, all that
// was sent between the former lives and not handed over is void, and the other end's Handler is told by Reset. Frames of an
// earlier life are refused, so a process that was thought to be dead can't be heard.
//
// There is no order between the lanes: control does not wait for data. Nothing says that what was sent has been handled; the XOR ledger
// is for that.
//
// # Bounds
//
// At most Options.Credits slabs are under way to each Dest of a peer: sent, and not granted. The frames that are kept until the peer
// confirms them are bounded by that. Control records are bounded by the caller.
package transport
