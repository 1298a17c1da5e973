package client

import (
	"sync"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
)

// Client talks to a cluster. It is made by [Connect] or [New].
type Client struct {
	nc       *nats.Conn
	own      bool          // whether Close closes nc
	patience time.Duration // how long it is waited for a Nimbus that leads
	answer   time.Duration // how long it is waited for an answer
	look     time.Duration // the same of a request that may be sent again
	pause    time.Duration // between two looks at what is waited for
	queries  sync.Map      // the QueryInfo of each query that was found, by its name
	asker    *asker
	atlas    atlas
}

const (
	patience = 5 * time.Second // a failover takes less
	answer   = 5 * time.Second // Nimbus answers within 2 s
	look     = 2500 * time.Millisecond
	pause    = 100 * time.Millisecond
)

// Connect connects to the cluster that a reaches. A NATS server must answer within 5 s; a Nimbus need not
// be there yet. [Discover] finds the cluster that the command gale would. The connection is restored by itself whenever it is lost, until [Client.Close].
func Connect(a cluster.Access) (*Client, error) {
	if err := checkCredentials(a.Credentials); err != nil {
		return nil, err
	}
	nc, err := cluster.Connect(a, "gale client", nil, Inbox())
	if err != nil {
		return nil, err
	}
	c := New(nc)
	c.own = true
	return c, nil
}

// Inbox returns the option that a connection of the caller's needs where NATS asks for credentials: those of
// clients let them receive answers at one kind of address only.
func Inbox() nats.Option { return nats.CustomInboxPrefix(cluster.ClientInbox) }

// New returns a client that uses a connection of the caller's, which Close leaves open. [cluster.Connect] makes one that
// suits, given [Inbox].
func New(nc *nats.Conn) *Client {
	return &Client{nc: nc, patience: patience, answer: answer, look: look, pause: pause, asker: newAsker(nc)}
}

// Close closes the connection that Connect has made. What is still being asked fails.
func (c *Client) Close() {
	c.asker.close()
	if c.own {
		c.nc.Close()
	}
}
