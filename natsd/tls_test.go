package natsd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

// authority is a certificate authority whose files are in a folder.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.key = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := template("authority")
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	a.cert = must(x509.ParseCertificate(a.sign(t, "ca", c, c, a.key)))
	return a
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func (a *authority) sign(t *testing.T, file string, c, parent *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der := must(x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, a.key))
	a.write(t, file+".pem", "CERTIFICATE", der)
	a.write(t, file+".key", "EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key)))
	return der
}

func (a *authority) write(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// issue makes a certificate and returns its files.
func (a *authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	a.sign(t, name, template(name), a.cert, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	return filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
}

func (a *authority) file() string { return filepath.Join(a.dir, "ca.pem") }

func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	cert, key := ours.issue(t, "server")
	s := newServer(t, Options{TLSCert: cert, TLSKey: key})
	require.True(t, strings.HasPrefix(s.URL(), "tls://"))
	for ca, ok := range map[string]bool{ours.file(): true, theirs.file(): false, "": false} {
		nc, err := cluster.Connect(cluster.Access{URL: s.URL(), CA: ca}, "client", nil)
		require.Equal(t, ok, err == nil, "%q: %v", ca, err)
		if ok {
			require.NotNil(t, must(nc.TLSConnectionState()).PeerCertificates)
			nc.Close()
		}
	}
	require.NoError(t, connect(t, "nats://in-process", s.InProcess()).Flush())
}

func TestTLSOfClients(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	cert, key := ours.issue(t, "server")
	s := newServer(t, Options{TLSCert: cert, TLSKey: key, TLSClientCA: ours.file()})
	a := cluster.Access{URL: s.URL(), CA: ours.file()}
	_, err := cluster.Connect(a, "without", nil)
	require.Error(t, err)
	a.Cert, a.Key = theirs.issue(t, "client")
	_, err = cluster.Connect(a, "stranger", nil)
	require.Error(t, err)
	a.Cert, a.Key = ours.issue(t, "client")
	nc, err := cluster.Connect(a, "friend", nil)
	require.NoError(t, err)
	nc.Close()
}

func TestTLSFilesThatAreWrongAreTold(t *testing.T) {
	ours := newAuthority(t)
	cert, key := ours.issue(t, "server")
	for _, o := range []Options{{TLSCert: key, TLSKey: key}, {TLSCert: cert, TLSKey: "none"}, {TLSCert: cert, TLSKey: key, TLSClientCA: key}} {
		o.Data, o.Port = t.TempDir(), -1
		_, err := Start(o)
		require.ErrorContains(t, err, "natsd: TLS:")
	}
}
