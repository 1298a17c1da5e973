package security

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galestream/gale/internal/rig"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
)

func readURL(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var c struct{ URL string }
	return c.URL, json.Unmarshal(text, &c)
}

// listening returns the addresses at which a process waits for others.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	p, err := process.NewProcess(int32(pid))
	require.NoError(t, err)
	all, err := p.Connections()
	require.NoError(t, err)
	for _, c := range all {
		if c.Status == "LISTEN" || c.Type == 2 && c.Raddr.IP == "" { // 2: UDP, which has no state
			addresses = append(addresses, c.Laddr.IP)
		}
	}
	return addresses
}

// requireLoopback fails when others than this machine can reach the process.
func requireLoopback(t *testing.T, pid int) {
	t.Helper()
	for _, a := range listening(t, pid) {
		require.True(t, net.ParseIP(a).IsLoopback(), "it listens on %s", a)
	}
}

func TestS18AFreshStartListensOnLoopbackOnly(t *testing.T) {
	for line, ports := range map[string]int{
		"nats --port -1":                                          1,
		"nats --port -1 --monitor-port -1":                        2,
		"nats --port -1 --no-auth":                                1,
		"nimbus --embedded --port -1":                             1,
		"nimbus --embedded --port -1 --no-auth --monitor-port -1": 2,
		"dev --port -1 --supervisors 2":                           1,
	} {
		t.Run(line, func(t *testing.T) {
			r := rig.New(t)
			p := r.Start("gale", galeRole, command{Args: strings.Fields(line), Env: homeAt(r.Dir())})
			rig.Await(t, "it listens", func() bool { return len(listening(t, p.PID())) >= ports })
			requireLoopback(t, p.PID())
			p.Stop()
		})
	}
}

func homeAt(dir string) map[string]string {
	return map[string]string{"HOME": dir, "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
}

// What is missing is told before anything is made.
func TestS18NothingListensElsewhereWithoutCredentialsAndTLS(t *testing.T) {
	dir := t.TempDir()
	for k, v := range homeAt(dir) {
		t.Setenv(k, v)
	}
	s := &site{t: t}
	for _, host := range []string{"0.0.0.0", "::", "192.0.2.1", "example.com"} {
		for _, args := range [][]string{{"nats"}, {"nats", "--no-auth"}, {"nimbus", "--embedded"}, {"nimbus", "--embedded", "--no-auth"}} {
			_, err := s.gale(append(args, "--host", host, "--port", "-1")...)
			require.ErrorContains(t, err, "exit code 1", "%v on %s", args, host)
			require.ErrorContains(t, err, "TLS")
			require.ErrorContains(t, err, "--insecure")
		}
		_, err := s.gale("dev", "--host", host)
		require.ErrorContains(t, err, "exit code 2", "gale dev is for one machine")
	}
	streams, err := filepath.Glob(filepath.Join(dir, ".local/share/gale/*/nats"))
	require.NoError(t, err)
	require.Empty(t, streams)
}
