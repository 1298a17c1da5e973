package natsd

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/galestream/gale/auth"
	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// Options say how a server is to run. Only Data must be given.
type Options struct {
	Data        string      // folder of the streams, made if it is not there; one server at a time uses it
	Host        string      // address to listen on; empty for 127.0.0.1
	Port        int         // 0 for 4222, -1 for any that is free: Server.URL says which
	Keys        *auth.Keys  // who may connect; nil for everybody
	TLSCert     string      // PEM file of the server's certificate chain; clients must use TLS then
	TLSKey      string      // PEM file of its key
	TLSClientCA string      // PEM file of authorities: clients must have a certificate of one of them; empty for no such need
	Insecure    bool        // listen beyond loopback also without keys and TLS
	MonitorPort int         // of NATS' monitoring over HTTP, always on 127.0.0.1; 0 for none, -1 for any that is free
	Log         *zap.Logger // nil for none
}

const (
	defaultHost = "127.0.0.1"
	defaultPort = 4222
)

// Settings of the server. A half-open connection is closed when the ping after pingsOut unanswered ones is due: 3 to 4.5 s after the last answer, and a bit.
const (
	pingInterval  = 1500 * time.Millisecond
	pingsOut      = 2
	writeDeadline = 10 * time.Second
	authTimeout   = 10 * time.Second // a machine under load may need long for a handshake
	maxPayload    = 1 << 20          // bytes of a message: a frame has 64 KiB, a record up to 1 MiB less its headers
	maxPending    = 64 << 20         // bytes that wait for one client, before it is cut off as too slow
)

func (o Options) withDefaults() Options {
	if o.Host == "" {
		o.Host = defaultHost
	}
	if o.Port == 0 {
		o.Port = defaultPort
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// check returns an error for every mistake that can be seen before anything is started.
func (o Options) check() error {
	var errs []error
	if o.Data == "" {
		errs = append(errs, errors.New("natsd: no data folder is given"))
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		errs = append(errs, errors.New("natsd: TLS needs both a certificate and its key: give --tls-cert and --tls-key"))
	}
	if o.TLSClientCA != "" && o.TLSCert == "" {
		errs = append(errs, errors.New("natsd: certificates of clients can only be asked for over TLS: give --tls-cert and --tls-key"))
	}
	if o.Port < -1 || o.Port > 65535 || o.MonitorPort < -1 || o.MonitorPort > 65535 {
		errs = append(errs, errors.New("natsd: a port must be in 1..65535, or -1 for any that is free"))
	}
	if o.exposed() && !o.Insecure {
		errs = append(errs, fmt.Errorf("natsd: %s can be reached from other machines, so clients need %s; "+
			"listen on 127.0.0.1, or give what is missing, or --insecure to let everybody in", o.Host, o.missing()))
	}
	return errors.Join(errs...)
}

// exposed reports whether others than this machine's processes could connect without credentials, or have
// theirs overheard.
func (o Options) exposed() bool { return !loopback(o.Host) && o.missing() != "" }

func (o Options) missing() string {
	switch {
	case o.Keys == nil && o.TLSCert == "":
		return "credentials and TLS (--tls-cert, --tls-key)"
	case o.Keys == nil:
		return "credentials"
	case o.TLSCert == "":
		return "TLS (--tls-cert, --tls-key)"
	}
	return ""
}

// loopback reports whether only this machine can reach the host. A name other than localhost may resolve to
// anything, also later on, so that it is not.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (o Options) server() (*server.Options, error) {
	s := &server.Options{
		ServerName: "gale", Host: o.Host, Port: o.Port, HTTPHost: defaultHost, HTTPPort: o.MonitorPort,
		NoSigs: true, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: o.Data, SyncAlways: true,
		PingInterval: pingInterval, MaxPingsOut: pingsOut, WriteDeadline: writeDeadline, AuthTimeout: authTimeout.Seconds(),
		MaxPayload: maxPayload, MaxPending: maxPending,
	}
	if err := o.trust(s); err != nil {
		return nil, err
	}
	return s, o.tls(s)
}

// trust has the server believe what the keys sign.
func (o Options) trust(s *server.Options) error {
	if o.Keys == nil {
		return nil
	}
	operator, err := o.Keys.Operator()
	if err != nil {
		return err
	}
	accounts, err := o.Keys.Accounts()
	if err != nil {
		return err
	}
	resolver := &server.MemAccResolver{}
	for key, token := range accounts {
		if err := resolver.Store(key, token); err != nil {
			return fmt.Errorf("natsd: account %s: %w", key, err)
		}
	}
	s.TrustedOperators = append(s.TrustedOperators, operator)
	s.SystemAccount = operator.SystemAccount
	s.AccountResolver = resolver
	return nil
}

func (o Options) tls(s *server.Options) (err error) {
	if o.TLSCert == "" {
		return nil
	}
	verify := o.TLSClientCA != ""
	s.TLS, s.TLSVerify, s.TLSTimeout = true, verify, authTimeout.Seconds()
	s.TLSConfig, err = server.GenTLSConfig(&server.TLSConfigOpts{CertFile: o.TLSCert, KeyFile: o.TLSKey, CaFile: o.TLSClientCA, Verify: verify})
	if err != nil {
		return fmt.Errorf("natsd: TLS: %w", err)
	}
	return nil
}

func (o Options) lockFile() string { return filepath.Join(o.Data, "nats.lock") }
