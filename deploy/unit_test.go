package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unit is the section Service of a unit: the values of each key, in their order.
type unit map[string][]string

func readUnit(t *testing.T, name string) unit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("systemd", "gale-"+name+".service"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "[Service]\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n[")
	u := unit{}
	for line := range strings.Lines(section) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && key[0] != '#' {
			u[key] = append(u[key], value)
		}
	}
	return u
}

// argv is what systemd runs: $NAME stands for words, whose quotes no test needs.
func (u unit) argv(t *testing.T, env map[string]string) (args []string) {
	t.Helper()
	require.Len(t, u["ExecStart"], 1)
	for _, word := range strings.Fields(u["ExecStart"][0]) {
		if name, ok := strings.CutPrefix(word, "$"); ok {
			args = append(args, strings.Fields(env[name])...)
			continue
		}
		args = append(args, word)
	}
	require.Equal(t, "/usr/local/bin/gale", args[0])
	return args[1:]
}

var units = []string{"nats", "nimbus", "supervisor"}

// promised is what the README says of every unit.
var promised = map[string]string{
	"UMask": "0077", "Restart": "always", "LimitCORE": "0", "LimitNOFILE": "65536",
	"NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "",
	"ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
	"ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectKernelLogs": "yes", "ProtectControlGroups": "yes",
	"ProtectClock": "yes", "ProtectHostname": "yes", "ProtectProc": "invisible",
	"RestrictNamespaces": "yes", "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes", "LockPersonality": "yes", "KeyringMode": "private",
	"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK", "SystemCallArchitectures": "native", "SystemCallFilter": "@system-service",
}

// particular is what it says of one.
var particular = map[string]map[string]string{
	"nats":   {"StateDirectory": "gale-nats", "StateDirectoryMode": "0700", "MemoryDenyWriteExecute": "yes"},
	"nimbus": {"MemoryDenyWriteExecute": "yes"},
	"supervisor": {
		"StateDirectory": "gale-supervisor", "StateDirectoryMode": "0700", "CacheDirectory": "gale-supervisor", "CacheDirectoryMode": "0700",
		"KillMode": "process", "OOMPolicy": "continue", "TasksMax": "infinity",
	},
}

func TestUnitsAreHardenedAsPromised(t *testing.T) {
	for _, name := range units {
		u := readUnit(t, name)
		for _, table := range []map[string]string{promised, particular[name], {"User": "gale-" + name, "EnvironmentFile": "-/etc/gale/" + name + ".env"}} {
			for key, value := range table {
				require.Equal(t, []string{value}, u[key], "%s: %s", name, key)
			}
		}
	}
}

// The state that a unit is told to keep is the state that systemd lets it write.
func TestUnitsWriteWhereTheyMay(t *testing.T) {
	for _, name := range []string{"nats", "supervisor"} {
		u := readUnit(t, name)
		require.Contains(t, u["ExecStart"][0], " --data /var/lib/"+u["StateDirectory"][0]+" ")
	}
	u := readUnit(t, "supervisor")
	require.Equal(t, []string{"TMPDIR=/var/cache/" + u["CacheDirectory"][0]}, u["Environment"])
}

// Workers of a supervisor run as its user.
func TestUnitsHaveUsersOfTheirOwn(t *testing.T) {
	text, err := os.ReadFile("systemd/gale.sysusers")
	require.NoError(t, err)
	for _, name := range units {
		require.Contains(t, string(text), "u gale-"+name+" ")
		require.NotContains(t, readUnit(t, name), "Group", "the group is the user's own")
	}
}
