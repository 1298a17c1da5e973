package transport

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// keeper is the goroutine of a node that does what time brings: ticks, what is owed and can wait a little, and the end of an
// outage.
type keeper struct {
	node   *Node
	soon   chan struct{} // something is owed
	status chan nats.Status
	ended  chan struct{}
	wait   sync.WaitGroup
}

const (
	tickInterval = 250 * time.Millisecond
	// lazyDelay is how long grants and confirmations wait for others, or for something that takes them along.
	lazyDelay = 2 * time.Millisecond
)

func keep(n *Node) *keeper {
	k := &keeper{node: n, soon: make(chan struct{}, 1), status: n.nc.StatusChanged(nats.CONNECTED), ended: make(chan struct{})}
	k.wait.Go(k.run)
	return k
}

func (k *keeper) stop() {
	close(k.ended)
	k.wait.Wait()
	k.node.nc.RemoveStatusListener(k.status)
}

func (k *keeper) run() {
	ticks := time.NewTicker(tickInterval)
	defer ticks.Stop()
	lazy := time.NewTimer(lazyDelay)
	defer lazy.Stop()
	for {
		select {
		case <-ticks.C:
			k.node.each((*session).tick)
		case <-k.soon:
			k.await(lazy)
		case <-k.status:
			k.node.Reconnected()
		case <-k.ended:
			return
		}
	}
}

// await waits until what is owed is due, and has it sent. Ticks can wait as long.
func (k *keeper) await(lazy *time.Timer) {
	lazy.Reset(lazyDelay)
	select {
	case <-lazy.C:
		k.node.flush()
	case <-k.ended:
	}
}

// flushSoon has what is owed sent within lazyDelay.
func (n *Node) flushSoon() {
	select {
	case n.keeper.soon <- struct{}{}:
	default:
	}
}

func (n *Node) flush() {
	for _, p := range *n.peers.Load() {
		p.flushNow()
	}
}
