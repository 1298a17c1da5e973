package transport

import "github.com/nats-io/nats.go"

const maxCredits = 1 << 16

// Node is a worker's end of its links to all other workers of its topology.
type Node struct{}

// Open subscribes to what other workers send to this one. nc must be connected, and should neither give up reconnecting nor keep what
// is published meanwhile (nats.ReconnectBufSize(-1)). The caller closes nc, after the node.
func Open(nc *nats.Conn, o Options) (*Node, error) { panic("not written yet") }

// SetPeers says who may talk to us and we to them. Others are removed: the Handler's Reset is called for those that had been
// up, and their frames are refused from now on. ids that are peers already are left as they are; the own id is passed over.
func (n *Node) SetPeers(ids []string) { panic("not written yet") }

// Peer returns the peer of the id, nil when there is none.
func (n *Node) Peer(id string) *Peer { panic("not written yet") }

// MaxSlab returns how many bytes a slab or a control record may have at most.
func (n *Node) MaxSlab() int { panic("not written yet") }

// Refused returns how many frames came from those who are no peers.
func (n *Node) Refused() int64 { panic("not written yet") }

// Reconnected has every link find out at once what was lost. The node calls it itself when its NATS connection is back.
func (n *Node) Reconnected() { panic("not written yet") }

// Close sends what waits, as far as it can in a second, and ends the node's goroutines. No call of the Handler comes after it.
func (n *Node) Close() error { panic("not written yet") }
