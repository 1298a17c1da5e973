package faultproxy

import (
	"net"
	"sync"
)

// pair is a client's connection, and the one to the target that goes with it.
type pair struct {
	proxy *Proxy
	done  chan struct{} // closed when it has been reset

	// guarded by proxy.mu
	conns []*net.TCPConn // the client's, then the target's, when that was reached
	ended bool
	lost  Direction // where bytes have vanished: nothing more can come through there
}

// run passes bytes on until both sides have closed, or the pair is reset.
func (c *pair) run() {
	defer c.proxy.forget(c)
	defer c.reset()
	client := c.conns[0]
	if c.hasLost() {
		c.swallow(client)
		return
	}
	server, ok := c.dial()
	if !ok {
		return
	}
	var halves sync.WaitGroup
	for _, h := range []*half{newHalf(c, ToServer, client, server), newHalf(c, ToClient, server, client)} {
		halves.Go(h.read)
		halves.Go(h.write)
	}
	halves.Wait()
	if c.hasLost() { // perhaps a close: the other side must not hear of it before the network is whole
		<-c.done
		return
	}
	c.close()
}

// dial connects to the target. It returns false when that is not there, or the pair was reset meanwhile.
func (c *pair) dial() (*net.TCPConn, bool) {
	var d net.Dialer
	conn, err := d.DialContext(c.proxy.ctx, "tcp", c.proxy.target)
	if err != nil {
		return nil, false
	}
	server := conn.(*net.TCPConn)
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.ended {
		reset(server)
		return nil, false
	}
	c.conns = append(c.conns, server)
	return server, true
}

// swallow takes what a client says that can reach nobody.
func (c *pair) swallow(client *net.TCPConn) {
	buffer := make([]byte, chunkBytes)
	for {
		n, err := client.Read(buffer)
		c.vanish(ToServer, n)
		if err != nil {
			<-c.done
			return
		}
	}
}

// vanish notes that n bytes, or with 0 perhaps a close, have not come through.
func (c *pair) vanish(d Direction, n int) {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	c.lost |= d
	c.proxy.mu.vanished += int64(n)
}

func (c *pair) hasLost() bool {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	return c.lost != 0
}

// reset ends both connections at once. It may be called again.
func (c *pair) reset() { c.end(reset) }

// close ends both connections after what was written to them.
func (c *pair) close() { c.end(func(conn *net.TCPConn) { _ = conn.Close() }) }

func (c *pair) end(how func(*net.TCPConn)) {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = true
	close(c.done)
	for _, conn := range c.conns {
		how(conn)
	}
}

func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0) // so that Close sends a reset, not an orderly end
	_ = conn.Close()
}
