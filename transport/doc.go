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
// # How
//
// A link has two lanes, data and control, each with a subject and sequences of its own; NATS keeps the order of each. What is sent is
// appended to the frame that fills. A goroutine for each peer publishes frames as fast as NATS takes them, so frames are small under light
// load, and full under heavy load, without a timer. A frame is kept until the peer confirms it. Whoever sees a gap says so at once, and the other
// sends all again from there. States say who an end is, what it expects and what it has sent. They are repeated until both ends
// know each other, when something remains unconfirmed, and when the connection is back. An idle link says one every 2 s.
//
// Confirmations and grants travel with what goes anyway. Alone they go when 16 frames have come, when a quarter of the credits of a
// Dest can be given back, or after 2 ms.
//
// # Bounds
//
// At most Options.Credits slabs are under way to each Dest of a peer: sent, and not granted. The frames that are kept until the peer
// confirms them are bounded by that. Control records are bounded by the caller. A peer that does not keep to its credits can bring more slabs
// than that, and it is for the Handler to drop them.
//
// # Goroutines
//
// A node has one for each lane, which calls the Handler, one that keeps time, and one for each peer, which publishes. [Node.Close] ends
// them.
package transport
