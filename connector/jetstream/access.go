package jetstream

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Access says how to reach NATS. The zero Access is the server at [DefaultURL], without credentials or TLS.
type Access struct {
	URL         string // nats://host:port, or several separated by commas; empty for DefaultURL
	Credentials string // a file as the NATS tools write it; empty for none
	CA          string // a PEM file of certificate authorities: TLS is asked for
	Cert, Key   string // PEM files of the client's own certificate; both or none
}

// DefaultURL is where NATS is looked for unless it is said.
const DefaultURL = nats.DefaultURL

// Settings of connections. A half-open connection is seen within 4.5 s.
const (
	pingInterval  = 1500 * time.Millisecond
	pingsOut      = 2
	dialTimeout   = 2 * time.Second
	reconnectWait = 100 * time.Millisecond
	reconnectMax  = time.Second
)

func (a Access) url() string {
	if a.URL == "" {
		return DefaultURL
	}
	return a.URL
}

// name is what the connection is shared by; it must not show a password that is in the URL.
func (a Access) name() string {
	return fmt.Sprintf("jetstream %x", sha256.Sum256(fmt.Appendf(nil, "%+v", a)))[:32]
}

// redacted is the URL for people to read.
func (a Access) redacted() string {
	servers := strings.Split(a.url(), ",")
	for i, s := range servers {
		if u, err := url.Parse(strings.TrimSpace(s)); err == nil {
			servers[i] = u.Redacted()
		} else {
			servers[i] = "(not a URL)"
		}
	}
	return strings.Join(servers, ",")
}

// options leaves out the reconnect buffer: a publish that is sent late would be one that has failed already. Acks
// are kept by the spouts.
func (a Access) options() []nats.Option {
	o := []nats.Option{
		nats.Timeout(dialTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(pingsOut),
		nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
	}
	if a.Credentials != "" {
		o = append(o, nats.UserCredentials(a.Credentials))
	}
	if a.CA != "" {
		o = append(o, nats.RootCAs(a.CA))
	}
	if a.Cert != "" || a.Key != "" {
		o = append(o, nats.ClientCert(a.Cert, a.Key))
	}
	return o
}

// Connect opens a connection of its own to NATS, with the settings of this package's: what is half-open is seen in seconds, it reconnects for ever, and
// nothing that was to be sent meanwhile is sent late. more goes over them. The error names the servers, without passwords. The caller closes the connection.
func (a Access) Connect(more ...nats.Option) (*nats.Conn, error) {
	nc, err := nats.Connect(a.url(), append(a.options(), more...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", a.redacted(), err)
	}
	return nc, nil
}

func reconnectDelay(attempts int) time.Duration {
	return min(reconnectWait<<min(attempts, 8), reconnectMax)
}
