package natsd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

// issueOther makes a certificate of a server that is wrong for the one at 127.0.0.1: for another address, or expired.
func (a *authority) issueOther(t *testing.T, name string, address net.IP, until time.Time) (cert, key string) {
	t.Helper()
	c := template(name)
	c.IPAddresses, c.NotAfter = []net.IP{address}, until
	a.sign(t, name, c, a.cert, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	return filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
}

func TestWhatIsWrongWithTLSIsHintedAt(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	here, later := net.IPv4(127, 0, 0, 1), time.Now().Add(time.Hour)
	clientCert, clientKey := theirs.issue(t, "client")
	type server struct{ cert, key, clientCA string }
	issued := func(name string, at net.IP, until time.Time, clientCA string) server {
		cert, key := ours.issueOther(t, name, at, until)
		return server{cert, key, clientCA}
	}
	good := issued("good", here, later, "")
	for name, c := range map[string]struct {
		server server
		access cluster.Access
		hint   string
	}{
		"no authority":             {good, cluster.Access{}, "--tls-ca or GALE_TLS_CA"},
		"another authority":        {good, cluster.Access{CA: theirs.file()}, "--tls-ca or GALE_TLS_CA"},
		"no authority at all":      {good, cluster.Access{CA: good.key}, "--tls-ca"},
		"another name":             {issued("elsewhere", net.IPv4(127, 0, 0, 2), later, ""), cluster.Access{CA: ours.file()}, "127.0.0.2"},
		"too late":                 {issued("expired", here, time.Now().Add(-time.Minute), ""), cluster.Access{CA: ours.file()}, "give NATS a new one"},
		"without a certificate":    {issued("strict", here, later, ours.file()), cluster.Access{CA: ours.file()}, "--tls-cert and --tls-key"},
		"a certificate of another": {issued("stricter", here, later, ours.file()), cluster.Access{CA: ours.file(), Cert: clientCert, Key: clientKey}, "--tls-cert and --tls-key"},
		"TLS where there is none":  {server{}, cluster.Access{CA: ours.file()}, "leave out --tls-ca"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, Options{TLSCert: c.server.cert, TLSKey: c.server.key, TLSClientCA: c.server.clientCA})
			c.access.URL = strings.Replace(s.URL(), "tls://", "nats://", 1)
			_, err := cluster.Connect(c.access, "client", nil)
			e := new(cluster.Error)
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Hint, c.hint, e.Message)
		})
	}
}
