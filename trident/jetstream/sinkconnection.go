package jetstream

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/nats-io/nats.go"
)

// Settings of a writer's connection, those of package connector/jetstream. What can't be sent at once fails, since sent late it would be sent
// after it has been tried again.
const (
	sinkDialTimeout   = 2 * time.Second
	sinkPingInterval  = 2 * time.Second
	sinkReconnectWait = 100 * time.Millisecond
)

// dialSink connects. lost is called, on a goroutine of the connection, whenever it breaks.
func dialSink(a connector.Access, name string, lost func(), more ...nats.Option) (*nats.Conn, error) {
	o := []nats.Option{
		nats.Name(name), nats.Timeout(sinkDialTimeout), nats.PingInterval(sinkPingInterval), nats.MaxPingsOutstanding(2), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), nats.ReconnectWait(sinkReconnectWait), nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { lost() }),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
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
	o = append(o, more...)
	servers := a.URL
	if servers == "" {
		servers = connector.DefaultURL
	}
	nc, err := nats.Connect(servers, o...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", redacted(servers), err)
	}
	return nc, nil
}

// onDenied calls f, on a goroutine of the connection, when the server has denied something, which no answer says.
func onDenied(f func(error)) nats.Option {
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			f(err)
		}
	})
}

// redacted is a list of URLs without passwords.
func redacted(list string) string {
	servers := strings.Split(list, ",")
	for i, s := range servers {
		u, err := url.Parse(strings.TrimSpace(s))
		if err != nil {
			servers[i] = "(not a URL)"
			continue
		}
		servers[i] = u.Redacted()
	}
	return strings.Join(servers, ",")
}
