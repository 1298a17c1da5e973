package security

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/galestream/gale/cli"
	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// site is a gale dev in a process of its own, with a home of its own.
type site struct {
	t       *testing.T
	rig     *rig.Rig
	home    string
	data    string
	process *rig.Process
	url     string
	client  *client.Client
}

// newSite returns when the cluster knows its supervisor.
func newSite(t *testing.T, umask int) *site {
	t.Helper()
	s := &site{t: t, rig: rig.New(t)}
	s.home = filepath.Join(s.rig.Dir(), "home")
	s.data = filepath.Join(s.home, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(s.home, "tmp"), 0o700))
	s.process = s.rig.Start("dev", galeRole, command{Args: []string{"dev", "--port", "-1", "--data", s.data}, Env: s.env(), Umask: umask})
	for k, v := range s.env() {
		t.Setenv(k, v)
	}
	rig.Await(t, "gale dev is ready", func() bool {
		_, err := s.gale("status")
		return err == nil
	})
	s.connect()
	return s
}

func (s *site) env() map[string]string {
	return map[string]string{"HOME": s.home, "TMPDIR": filepath.Join(s.home, "tmp"), "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
}

// connect connects to the cluster that the home knows.
func (s *site) connect() {
	s.t.Helper()
	var err error
	s.url, err = readURL(filepath.Join(s.home, ".config/gale/dev.json"))
	require.NoError(s.t, err)
	s.client, err = client.Connect(s.access("client"))
	require.NoError(s.t, err)
	s.t.Cleanup(s.client.Close)
}

func (s *site) access(role string) cluster.Access {
	return cluster.Access{URL: s.url, Credentials: filepath.Join(s.data, "credentials", role+".creds")}
}

// gale runs a command line as somebody with that home.
func (s *site) gale(args ...string) (out string, err error) {
	var o, e bytes.Buffer
	if code := cli.Main(args, &o, &e); code != 0 {
		return o.String(), fmt.Errorf("exit code %d: %s", code, e.String())
	}
	return o.String(), nil
}

// submit runs the topology, and returns when all its tasks run.
func (s *site) submit() cluster.Description {
	s.t.Helper()
	r, err := s.client.Submit(s.t.Context(), client.Submission{Program: client.Program{Path: os.Args[0], Env: s.rig.Env()}})
	require.NoError(s.t, err)
	d, err := s.client.WaitRunning(s.t.Context(), r.Name, r.Generation, nil)
	require.NoError(s.t, err)
	return d
}
