package natsd

import (
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/stretchr/testify/require"
)

func TestS18NothingButLoopbackWithoutKeysAndTLS(t *testing.T) {
	const cert, key = "cert.pem", "key.pem"
	keys := &auth.Keys{}
	for name, c := range map[string]struct {
		o       Options
		missing string // "" where the server may start
	}{
		"fresh":                       {Options{}, ""},
		"127.0.0.1":                   {Options{Host: "127.0.0.1"}, ""},
		"127.9.9.9":                   {Options{Host: "127.9.9.9"}, ""},
		"IPv6 loopback":               {Options{Host: "::1"}, ""},
		"localhost":                   {Options{Host: "localhost"}, ""},
		"all":                         {Options{Host: "0.0.0.0"}, "credentials and TLS"},
		"all of IPv6":                 {Options{Host: "::"}, "credentials and TLS"},
		"a LAN":                       {Options{Host: "192.168.1.2"}, "credentials and TLS"},
		"a name":                      {Options{Host: "nats.example.com"}, "credentials and TLS"},
		"a name that looks local":     {Options{Host: "localhost.example.com"}, "credentials and TLS"},
		"a number that looks local":   {Options{Host: "0127.0.0.1"}, "credentials and TLS"},
		"all, keys only":              {Options{Host: "0.0.0.0", Keys: keys}, "need TLS"},
		"all, TLS only":               {Options{Host: "0.0.0.0", TLSCert: cert, TLSKey: key}, "need credentials;"},
		"all, clients' certificates":  {Options{Host: "0.0.0.0", TLSCert: cert, TLSKey: key, TLSClientCA: cert}, "need credentials;"},
		"all, keys and TLS":           {Options{Host: "0.0.0.0", Keys: keys, TLSCert: cert, TLSKey: key}, ""},
		"all, insecure":               {Options{Host: "0.0.0.0", Insecure: true}, ""},
		"all, insecure but with keys": {Options{Host: "0.0.0.0", Keys: keys, Insecure: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Data = "somewhere"
			err := c.o.withDefaults().check()
			if c.missing == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.missing)
			require.ErrorContains(t, err, "--insecure")
		})
	}
}

func TestMistakesInOptionsAreAllTold(t *testing.T) {
	err := Options{TLSKey: "key.pem", TLSClientCA: "ca.pem", Port: -2}.withDefaults().check()
	for _, part := range []string{"no data folder", "both a certificate and its key", "only be asked for over TLS", "1..65535"} {
		require.ErrorContains(t, err, part)
	}
	for _, o := range []Options{{Port: 65536}, {MonitorPort: 65536}, {MonitorPort: -2}} {
		o.Data = "somewhere"
		require.ErrorContains(t, o.withDefaults().check(), "1..65535")
	}
}

func TestStartRefusesBeforeItTouchesAnything(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(Options{Data: dir + "/data", Host: "0.0.0.0"})
	require.Error(t, err)
	require.NoDirExists(t, dir+"/data")
}
