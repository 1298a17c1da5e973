package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// Access says how to reach NATS. The zero Access is the server at [DefaultURL], without credentials or TLS.
type Access struct {
	URL         string // nats://host:port, or several separated by commas; empty for DefaultURL
	Credentials string // a file as the NATS tools write it; empty for none
	CA          string // a PEM file of certificate authorities: TLS is asked for
	Cert, Key   string // PEM files of the client's own certificate; both or none
}

// DefaultURL is where NATS is looked for unless it is said.
const DefaultURL = "nats://127.0.0.1:4222"

// Settings of connections. A half-open connection is given up when the ping after pingsOut unanswered ones is due: 3 to 4.5 s after the last answer.
const (
	PingInterval  = 1500 * time.Millisecond
	pingsOut      = 2
	reconnectWait = 100 * time.Millisecond
	reconnectMax  = time.Second // between attempts
	dialTimeout   = 2 * time.Second
)

// Connect connects to NATS. name says who it is in the server's monitoring. The connection lives through
// everything: it reconnects for ever, without keeping what was to be sent meanwhile (sends fail at once), since what is
// said late is wrong. The first connection must succeed within 5 s.
func Connect(a Access, name string, log *zap.Logger, more ...nats.Option) (*nats.Conn, error) {
	if a.URL == "" {
		a.URL = DefaultURL
	}
	if err := a.checkFiles(); err != nil {
		return nil, err
	}
	if log == nil {
		log = zap.NewNop()
	}
	nc, err := nats.Connect(a.URL, append(a.options(name, log), more...)...)
	if err != nil {
		return nil, a.explain(err)
	}
	return nc, nil
}

func (a Access) options(name string, log *zap.Logger) []nats.Option {
	o := []nats.Option{
		nats.Name(name), nats.Timeout(dialTimeout), nats.PingInterval(PingInterval), nats.MaxPingsOutstanding(pingsOut),
		nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.DontRandomize(),
		nats.CustomReconnectDelay(func(attempts int) time.Duration {
			return min(reconnectWait<<min(attempts, 8), reconnectMax)
		}),
		nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("disconnected from NATS", zap.Error(err))
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			log.Info("connected to NATS again", zap.String("server", nc.ConnectedUrlRedacted()))
		}),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			subject := ""
			if s != nil {
				subject = s.Subject
			}
			log.Warn("NATS error", zap.String("subject", subject), zap.Error(err))
		}),
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

func (a Access) checkFiles() error {
	for what, file := range map[string]string{"credentials": a.Credentials, "CA": a.CA, "certificate": a.Cert, "key": a.Key} {
		if file == "" {
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			return &Error{Code: Invalid, Message: fmt.Sprintf("the %s file can't be read: %v", what, err)}
		}
		f.Close()
	}
	return nil
}

// explain says what a failed first connection means to a user.
func (a Access) explain(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return Errorf(Unauthorized, "NATS at %s refuses the credentials: %v", a.URL, err).WithHint("give the credentials file with --creds or GALE_CREDS")
	case a.concernsTLS(err):
		return Errorf(Unavailable, "connecting to NATS at %s: %v", a.URL, err).WithHint("%s", hintAtTLS(err))
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout), errors.As(err, &op):
		return Errorf(Unavailable, "NATS at %s can't be reached: %v", a.URL, err).WithHint("start a cluster with `gale dev`, or say where it is with --nats or GALE_NATS")
	}
	return Errorf(Unavailable, "connecting to NATS at %s: %v", a.URL, err)
}
