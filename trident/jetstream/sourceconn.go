package jetstream

import (
	"slices"
	"sync"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// sourceConn is a connection that the sources of a process share.
type sourceConn struct {
	access connector.Access
	nc     *nats.Conn
	js     jetstream.JetStream
	mu     struct {
		sync.Mutex
		feeds []*sourceFeed // in use by these
	}
}

// sourceConns are the connections that are in use.
var sourceConns struct {
	sync.Mutex
	open map[connector.Access]*sourceConn
}

// connect returns the connection of a feed, which calls release.
func connect(a connector.Access, f *sourceFeed) (*sourceConn, error) {
	if c := join(a, f, nil); c != nil {
		return c, nil
	}
	c := &sourceConn{access: a}
	nc, err := dialSink(a, "gale trident source", func() {})
	if err != nil {
		return nil, err
	}
	c.nc = nc
	if c.js, err = jetstream.New(nc); err != nil {
		nc.Close()
		return nil, err
	}
	nc.SetReconnectHandler(func(*nats.Conn) { c.reconnected() })
	if joined := join(a, f, c); joined != c { // another feed was faster
		nc.Close()
		return joined, nil
	}
	return c, nil
}

// join makes the feed a user of the connection that there is, or else of c unless that is nil.
func join(a connector.Access, f *sourceFeed, c *sourceConn) *sourceConn {
	sourceConns.Lock()
	defer sourceConns.Unlock()
	if there := sourceConns.open[a]; there != nil {
		c = there
	}
	if c == nil {
		return nil
	}
	if sourceConns.open == nil {
		sourceConns.open = map[connector.Access]*sourceConn{}
	}
	sourceConns.open[a] = c
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.feeds = append(c.mu.feeds, f)
	return c
}

// release closes the connection when nobody uses it any more.
func (c *sourceConn) release(f *sourceFeed) {
	if c.leave(f) {
		c.nc.Close()
	}
}

func (c *sourceConn) leave(f *sourceFeed) (last bool) {
	sourceConns.Lock()
	defer sourceConns.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.feeds = slices.DeleteFunc(c.mu.feeds, func(x *sourceFeed) bool { return x == f })
	if len(c.mu.feeds) == 0 {
		delete(sourceConns.open, c.access)
	}
	return len(c.mu.feeds) == 0
}

func (c *sourceConn) reconnected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.mu.feeds {
		nudge(f.reconnected)
	}
}

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
