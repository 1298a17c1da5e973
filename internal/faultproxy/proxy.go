package faultproxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// maxConnections bounds how many connections there are at a time; more are reset.
const maxConnections = 4096

// Proxy passes connections on to a target. Its methods may be called by any goroutine at any time.
type Proxy struct {
	target   string
	listener *net.TCPListener
	ctx      context.Context // done when the proxy is closed
	cancel   context.CancelFunc
	wait     sync.WaitGroup // for all goroutines

	mu struct {
		sync.Mutex
		faults   map[Direction]Faults
		random   map[Direction]*rand.Rand
		changed  chan struct{} // closed, and replaced, when faults change
		cut      bool
		pairs    map[*pair]struct{}
		vanished int64
	}
}

// New returns a proxy that listens on a port of its own of 127.0.0.1 and passes connections on to the target, which is host:port and need not be there yet.
func New(target string) (*Proxy, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("listen for connections to %s: %w", target, err)
	}
	p := &Proxy{target: target, listener: listener}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.mu.faults = map[Direction]Faults{}
	p.mu.random = map[Direction]*rand.Rand{ToServer: newRandom(0, ToServer), ToClient: newRandom(0, ToClient)}
	p.mu.changed = make(chan struct{})
	p.mu.pairs = map[*pair]struct{}{}
	p.wait.Go(p.accept)
	return p, nil
}

func newRandom(seed uint64, d Direction) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(d))) }

// Addr returns where the proxy listens, as host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set replaces the faults of the direction, for the connections that there are and all to come. What is being written at this moment may still
// arrive. When nothing is dropped any more, connections that have lost bytes are reset.
func (p *Proxy) Set(d Direction, f Faults) {
	p.mu.Lock()
	for _, one := range []Direction{ToServer, ToClient} {
		if d&one != 0 {
			p.mu.faults[one] = f
			p.mu.random[one] = newRandom(f.Seed, one)
		}
	}
	close(p.mu.changed)
	p.mu.changed = make(chan struct{})
	broken := p.pairsLocked(func(c *pair) bool { return !p.dropsLocked() && c.lost != 0 })
	p.mu.Unlock()
	resetAll(broken)
}

// Cut resets all connections, and new ones as they come, until Heal.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.mu.cut = true
	all := p.pairsLocked(func(*pair) bool { return true })
	p.mu.Unlock()
	resetAll(all)
}

// Heal ends all faults. Connections that have lost bytes are reset, the others go on.
func (p *Proxy) Heal() {
	p.mu.Lock()
	p.mu.cut = false
	p.mu.Unlock()
	p.Set(Both, Faults{})
}

// Vanished returns how many bytes have been dropped so far: a test can see that its fault has had an effect.
func (p *Proxy) Vanished() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.vanished
}

// Close resets all connections, stops listening and waits for all goroutines. It may be called again.
func (p *Proxy) Close() {
	p.cancel()
	_ = p.listener.Close() // on which the accepting goroutine ends
	p.Cut()
	p.wait.Wait()
}

func (p *Proxy) accept() {
	for p.ctx.Err() == nil {
		client, err := p.listener.AcceptTCP()
		if err != nil {
			p.pause() // file descriptors may be short
			continue
		}
		p.open(client)
	}
}

func (p *Proxy) pause() {
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
	}
}

// open passes the connection on, unless nobody would hear.
func (p *Proxy) open(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &pair{proxy: p, conns: []*net.TCPConn{client}, done: make(chan struct{})}
	if p.ctx.Err() != nil || p.mu.cut || len(p.mu.pairs) >= maxConnections {
		reset(client)
		return
	}
	if p.dropsLocked() {
		c.lost = Both
	}
	p.mu.pairs[c] = struct{}{}
	p.wait.Go(c.run)
}

// forget leaves the pair to itself, which has ended.
func (p *Proxy) forget(c *pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.mu.pairs, c)
}

// luck returns a random number in [0, 1).
func (p *Proxy) luck(d Direction) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.random[d].Float64()
}

func (p *Proxy) dropsLocked() bool { return p.mu.faults[ToServer].Drop || p.mu.faults[ToClient].Drop }

func (p *Proxy) pairsLocked(which func(*pair) bool) (all []*pair) {
	for c := range p.mu.pairs {
		if which(c) {
			all = append(all, c)
		}
	}
	return all
}

func resetAll(pairs []*pair) {
	for _, c := range pairs {
		c.reset()
	}
}
