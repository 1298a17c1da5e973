package process

import (
	"slices"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// peer is the way to one worker, as the tasks use it.
type peer struct{ *transport.Peer }

func (p peer) Send(dest uint32, slab []byte) bool { return p.Peer.Send(transport.Dest(dest), slab) }
func (p peer) Credits(dest uint32) int            { return p.Peer.Credits(transport.Dest(dest)) }
func (p peer) Grant(dest uint32)                  { p.Peer.Grant(transport.Dest(dest)) }
func (p peer) Backlog() int                       { return p.Stats().Unconfirmed }

func (p peer) Traffic() (sent, handled int64) {
	s := p.Stats()
	return s.SlabsSent + s.ControlsSent, s.SlabsHandled + s.ControlsHandled
}

// handler hands what comes from other workers to the tasks.
type handler struct {
	w     *worker.Worker
	known *directory
}

// slot returns the slot of a worker, which is connected: what its first frames bring must be answered. ok is false for one that never was of the
// generation.
func (h handler) slot(p *transport.Peer) (slot int, ok bool) {
	return h.known.meet(p, func(slot int) { h.w.Connect(slot, peer{p}) })
}

func (h handler) Slab(p *transport.Peer, dest transport.Dest, body []byte) {
	if slot, ok := h.slot(p); ok {
		h.w.Receive(slot, peer{p}, uint32(dest), body)
		return
	}
	p.Grant(dest)
}

func (h handler) Control(p *transport.Peer, record []byte) {
	if slot, ok := h.slot(p); ok {
		h.w.Control(slot, record)
	}
}

func (h handler) Credit(p *transport.Peer, dest transport.Dest) {
	if slot, ok := h.slot(p); ok {
		h.w.Credit(slot, uint32(dest))
	}
}

// Reset of a worker that another has replaced is passed over: who takes that one in says that it is lost.
func (h handler) Reset(p *transport.Peer) {
	if slot, ok := h.slot(p); ok && h.known.fills(slot, p.ID()) {
		h.w.Lost(slot)
	}
}

// openLinks opens the links of a worker whose tasks are about to run.
func openLinks(nc *nats.Conn, spec cluster.WorkerSpec, handler handler, log *zap.Logger) (*transport.Node, error) {
	return transport.Open(nc, transport.Options{
		Topology: spec.TopologyID, Worker: spec.Worker, Life: spec.Life, Credits: worker.Credits, Log: log,
		Handler: handler,
		Subject: func(to, from string) string { return cluster.LinkSubject(spec.TopologyID, to, from) },
	})
}

// slotsOf returns the tasks of each worker of a generation, in an order that all its workers agree on.
func slotsOf(g *cluster.Generation) [][]topology.TaskID {
	var slots [][]topology.TaskID
	for _, w := range g.Workers {
		slots = append(slots, w.Tasks)
	}
	slices.SortFunc(slots, slices.Compare[[]topology.TaskID])
	return slots
}
