package jetstream

import (
	"errors"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/nats-io/nats.go"
)

// sinkReconnectWait is between two tries to reconnect, at all times: a batch that is committed waits.
const sinkReconnectWait = 100 * time.Millisecond

// dialSink connects. lost is called, on a goroutine of the connection, whenever it breaks.
func dialSink(a connector.Access, name string, lost func(), more ...nats.Option) (*nats.Conn, error) {
	o := []nats.Option{
		nats.Name(name), nats.CustomReconnectDelay(nil), nats.ReconnectWait(sinkReconnectWait),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { lost() }),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	return a.Connect(append(o, more...)...)
}

// onDenied calls f, on a goroutine of the connection, when the server has denied something, which no answer says.
func onDenied(f func(error)) nats.Option {
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			f(err)
		}
	})
}
