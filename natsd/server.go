package natsd

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// readyTimeout is how long a server may take until it listens. It needs milliseconds, and longer when there is much in its
// streams that it has to look through after a crash.
const readyTimeout = 30 * time.Second

// Server is a running server. Its methods may be called by several goroutines.
type Server struct {
	nats *server.Server
	lock *os.File
}

// Start starts a server, which accepts connections when it returns. The caller must call Shutdown in the end. Errors say
// what is wrong with the options, which port is in use, or that another server uses the data folder.
func Start(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.exposed() {
		o.Log.Warn("everybody who can reach this address can use the cluster, and run programs in it", zap.String("host", o.Host), zap.String("missing", o.missing()))
	}
	lock, err := lockData(o.Data, o.lockFile())
	if err != nil {
		return nil, err
	}
	s, err := start(o)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Server{s, lock}, nil
}

func start(o Options) (*server.Server, error) {
	so, err := o.server()
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(so)
	if err != nil {
		return nil, fmt.Errorf("natsd: %w", err)
	}
	log := &logger{log: o.Log}
	s.SetLoggerV2(log, false, false, false)
	s.Start() // returns when it listens, or has met a fatal error
	if err := log.fatal(); err != nil {
		stop(s)
		return nil, explain(o, err)
	}
	if !s.ReadyForConnections(readyTimeout) {
		stop(s)
		return nil, fmt.Errorf("natsd: the server did not start to listen within %v", readyTimeout)
	}
	return s, nil
}

// explain says what a fatal error means to a user.
func explain(o Options, err error) error {
	if strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) { // the server wraps no errors
		return fmt.Errorf("natsd: port %d of %s, or the port for monitoring, is in use: another NATS server or `gale dev` may be running; stop it, or give another port with --port: %w", o.Port, o.Host, err)
	}
	return fmt.Errorf("natsd: %w", err)
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// URL returns the address that this machine's clients connect to, with the port that was chosen.
func (s *Server) URL() string {
	u, err := url.Parse(s.nats.ClientURL())
	if err != nil {
		return s.nats.ClientURL()
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
		u.Host = net.JoinHostPort(defaultHost, u.Port())
	}
	return u.String()
}

// InProcess returns the option that has a client of this process connect without a socket. The client's URL is not looked at, but must
// not begin with tls: there is none in memory.
func (s *Server) InProcess() nats.Option { return nats.InProcessServer(s.nats) }

// Shutdown closes all connections, flushes the streams, and returns when the server is gone and another one may use the
// data folder. Further calls do nothing.
func (s *Server) Shutdown() {
	stop(s.nats)
	s.lock.Close() // which is all it takes to unlock; a second time it fails, and nothing depends on it
}
