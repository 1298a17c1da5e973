package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/galestream/gale/cli"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// stage is where commands run that were written for another machine.
type stage struct {
	t     *testing.T
	rig   *rig.Rig
	port  string
	creds string // the client's
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, rig: rig.New(t), port: freePort(t)}
	t.Setenv("HOME", s.rig.Dir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("XDG_DATA_HOME", "")
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func (s *stage) url() string { return "nats://127.0.0.1:" + s.port }

// start runs gale; the daemon that is NATS listens on the port, the others look for it there.
func (s *stage) start(name string, args []string, env map[string]string) *rig.Process {
	s.t.Helper()
	c := command{Args: args, Env: map[string]string{"GALE_NATS": s.url()}}
	for k, v := range env {
		c.Env[k] = v
	}
	return s.rig.Start(name, galeRole, c)
}

// gale runs the command line of somebody at the cluster.
func (s *stage) gale(args ...string) (out string, err error) {
	var o, e bytes.Buffer
	args = append([]string{"--nats", s.url(), "--creds", s.creds}, args...)
	if code := cli.Main(args, &o, &e); code != 0 {
		return "", fmt.Errorf("exit code %d: %s", code, e.String())
	}
	return o.String(), nil
}

func (s *stage) awaitStatus(part string) {
	s.t.Helper()
	last := ""
	defer func() {
		if s.t.Failed() {
			s.t.Log("the last status: " + last)
		}
	}()
	rig.Await(s.t, "the status says "+part, func() bool {
		out, err := s.gale("status")
		last = fmt.Sprint(out, err)
		return err == nil && strings.Contains(out, part)
	})
}

// awaitFile waits for what NATS makes at its first start.
func (s *stage) awaitFile(file string) {
	s.t.Helper()
	rig.Await(s.t, file+" is there", func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
}

// runNumbers submits the small topology, and waits until it has done something.
func (s *stage) runNumbers() {
	s.t.Helper()
	args := []string{"submit", os.Args[0], "--workers", "2"}
	for k, v := range s.rig.Env() {
		args = append(args, "--env", k+"="+v)
	}
	out, err := s.gale(args...)
	require.NoError(s.t, err)
	require.Contains(s.t, out, "numbers runs, generation 1")
	rig.Await(s.t, "tuples are acked", func() bool { return s.acked() > 0 })
}

// acked returns how many tuples of the small topology's spout were acked.
func (s *stage) acked() (n int64) {
	s.t.Helper()
	out, err := s.gale("top", "numbers", "--once", "-o", "json")
	require.NoError(s.t, err)
	var top struct {
		Components []struct {
			Spout bool
			Acked int64
		}
	}
	require.NoError(s.t, json.Unmarshal([]byte(out), &top), out)
	for _, c := range top.Components {
		if c.Spout {
			n += c.Acked
		}
	}
	return n
}

// install copies a file for its user alone, as the README says.
func install(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
	require.NoError(t, os.WriteFile(to, text, 0o400))
}

func TestUnitsRunACluster(t *testing.T) {
	s := newStage(t)
	root := func(path string) string { return filepath.Join(s.rig.Dir(), "root", path) }
	start := func(name, flags string) *rig.Process {
		args := readUnit(t, name).argv(t, map[string]string{"GALE_FLAGS": flags})
		for i, a := range args {
			if filepath.IsAbs(a) {
				args[i] = root(a)
			}
		}
		return s.start(name, args, nil)
	}
	start("nats", "--port "+s.port)
	data := root("/var/lib/gale-nats")
	s.creds = filepath.Join(data, "credentials", "client.creds")
	s.awaitFile(s.creds)
	install(t, filepath.Join(data, "credentials/daemon.creds"), root("/etc/gale/nimbus/daemon.creds"))
	install(t, filepath.Join(data, "keys/account-gale.nk"), root("/etc/gale/nimbus/account-gale.nk"))
	install(t, filepath.Join(data, "keys/account-apps.nk"), root("/etc/gale/nimbus/account-apps.nk"))
	install(t, filepath.Join(data, "credentials/daemon.creds"), root("/etc/gale/supervisor/daemon.creds"))
	start("nimbus", "--id n1")
	supervisor := start("supervisor", "--slots 2 --label disk=ssd")
	s.awaitStatus("1 up")
	s.runNumbers()

	before := s.workerPIDs()
	supervisor.Kill() // KillMode=process and Restart=always do no more
	supervisor.Restart()
	rig.Await(t, "the new supervisor is heard", func() bool {
		out, err := s.gale("supervisors", "-o", "json")
		return err == nil && strings.Contains(out, fmt.Sprintf(`"pid": %d,`, supervisor.PID()))
	})
	require.Equal(t, before, s.workerPIDs(), "workers live on")
	for _, pid := range before {
		require.NoError(t, syscall.Kill(pid, 0), "the process is there")
	}
	_, err := s.gale("kill", "numbers", "--no-drain")
	require.NoError(t, err)
}

// workerPIDs returns the processes of the topology, as the cluster sees them.
func (s *stage) workerPIDs() map[string]int {
	s.t.Helper()
	pids := map[string]int{}
	rig.Await(s.t, "both workers are known", func() bool {
		out, err := s.gale("workers", "numbers", "-o", "json")
		require.NoError(s.t, err)
		var known struct {
			Workers []struct {
				ID  string
				PID int
			}
		}
		require.NoError(s.t, json.Unmarshal([]byte(out), &known), out)
		clear(pids)
		for _, w := range known.Workers {
			if w.PID > 0 {
				pids[w.ID] = w.PID
			}
		}
		return len(pids) == 2
	})
	return pids
}

func TestComposeRunsACluster(t *testing.T) {
	s := newStage(t)
	c := readCompose(t)
	places := c.places(t, s.rig.Dir())
	start := func(name string) {
		args := c.command(t, name, places)
		if args[0] == "nats" {
			args = append(args, "--port", s.port)
		}
		s.start(name, args, nil)
	}
	start("nats")
	s.creds = moved(c.Services["nats"].Environment["GALE_CREDS"], places["nats"])
	s.awaitFile(s.creds)
	for name := range c.Services {
		if name != "nats" && name != "cli" {
			start(name)
		}
	}
	s.awaitStatus("3 up")
	require.Equal(t, places["nats"]["/var/lib/gale/credentials"], places["cli"]["/credentials"])
	require.Equal(t, s.creds, moved(c.Services["cli"].Environment["GALE_CREDS"], places["cli"]))
	s.runNumbers()
	_, err := s.gale("kill", "numbers", "--no-drain")
	require.NoError(t, err)
}
