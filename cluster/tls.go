package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"github.com/nats-io/nats.go"
)

// concernsTLS reports whether a first connection has failed, or may have, for the certificate of one of the sides. Who asks for a
// client's may cut the connection after the handshake without a word.
func (a Access) concernsTLS(err error) bool {
	op := new(net.OpError)
	dialled := !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout) && (!errors.As(err, &op) || op.Op != "dial")
	return errors.Is(err, nats.ErrTLS) || errors.Is(err, nats.ErrSecureConnWanted) || errors.As(err, new(tls.AlertError)) ||
		dialled && (a.CA != "" || a.Cert != "")
}

// hintAtTLS says what can be done about it.
func hintAtTLS(err error) string {
	var name x509.HostnameError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "give the authority that has signed NATS' certificate with --tls-ca or GALE_TLS_CA"
	case errors.As(err, &name):
		return "say with --nats or GALE_NATS where it is by what its certificate is for: " + strings.Join(namesOf(name.Certificate), ", ")
	case errors.As(err, new(x509.CertificateInvalidError)):
		return "give NATS a new one, with --tls-cert and --tls-key of `gale nats`"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return "this NATS is without TLS: leave out --tls-ca, --tls-cert and --tls-key, or GALE_TLS_CA, GALE_TLS_CERT and GALE_TLS_KEY"
	case errors.Is(err, nats.ErrTLS), errors.As(err, new(tls.AlertError)):
		return "give a client's certificate, of an authority that NATS trusts, with --tls-cert and --tls-key, or GALE_TLS_CERT and GALE_TLS_KEY"
	}
	return "see that the files of --tls-ca, --tls-cert and --tls-key (GALE_TLS_CA, GALE_TLS_CERT, GALE_TLS_KEY) are PEM files, and those that this NATS asks for"
}

func namesOf(c *x509.Certificate) []string {
	names := append([]string{}, c.DNSNames...)
	for _, address := range c.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return []string{"nothing at all, so it needs another"}
	}
	return names
}
