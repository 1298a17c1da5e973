package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// compose is what matters here of a compose file.
type compose struct {
	Services map[string]service
	Volumes  map[string]any
}

type service struct {
	Command     []string
	Environment map[string]string
	Volumes     []string
	NetworkMode string   `yaml:"network_mode"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	User        string
	Privileged  bool
	Ports       []string
	Restart     string
}

func readCompose(t *testing.T) (c compose) {
	t.Helper()
	text, err := os.ReadFile("compose.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &c))
	require.Len(t, c.Services, 7)
	return c
}

// places returns, of each service, the folder under dir that stands for each path where a volume is mounted. A volume that is mounted within
// another one is within its folder.
func (c compose) places(t *testing.T, dir string) map[string]map[string]string {
	t.Helper()
	folders := map[string]string{} // by volume
	for name := range c.Volumes {
		folders[name] = filepath.Join(dir, "volumes", name)
	}
	folders["credentials"] = filepath.Join(folders["nats"], "credentials")
	require.Subset(t, c.Services["nats"].Volumes, []string{"nats:/var/lib/gale", "credentials:/var/lib/gale/credentials"})
	places := map[string]map[string]string{}
	for name, s := range c.Services {
		places[name] = map[string]string{}
		for _, v := range s.Volumes {
			part := strings.Split(v, ":")
			require.Contains(t, folders, part[0])
			places[name][part[1]] = folders[part[0]]
		}
	}
	return places
}

// moved puts the folders in the place of the paths that they stand for.
func moved(path string, places map[string]string) string {
	best := ""
	for at := range places {
		if (path == at || strings.HasPrefix(path, at+"/")) && len(at) > len(best) {
			best = at
		}
	}
	return places[best] + strings.TrimPrefix(path, best)
}

func (c compose) command(t *testing.T, name string, places map[string]map[string]string) []string {
	t.Helper()
	args := slices.Clone(c.Services[name].Command)
	require.NotEmpty(t, args, name)
	for i, a := range args {
		if filepath.IsAbs(a) {
			args[i] = moved(a, places[name])
		}
	}
	return args
}

func TestContainersAreHardenedAsPromised(t *testing.T) {
	for name, s := range readCompose(t).Services {
		require.True(t, s.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Equal(t, []string{"no-new-privileges:true"}, s.SecurityOpt, name)
		require.False(t, s.Privileged, name)
		require.Empty(t, s.Ports, "%s: nothing listens on the host", name)
		require.Empty(t, s.User, "%s: the image says who, and that is not root", name)
		want := "service:nats"
		if name == "nats" {
			want = ""
		}
		require.Equal(t, want, s.NetworkMode, name)
		require.Equal(t, name != "cli", s.Restart == "unless-stopped", name)
	}
	image, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(image), "\nUSER 65532:65532\n")
	require.Contains(t, string(image), "CGO_ENABLED=0")
}

// Workers run as their supervisor's user, and read what it can.
func TestSupervisorsDoNotSeeTheKeys(t *testing.T) {
	for name, s := range readCompose(t).Services {
		for _, v := range s.Volumes {
			if strings.HasPrefix(name, "supervisor") || name == "cli" {
				require.False(t, strings.HasPrefix(v, "nats:"), "%s mounts %s", name, v)
			}
			if name != "nats" && (strings.HasPrefix(v, "credentials:") || strings.HasPrefix(v, "nats:")) {
				require.True(t, strings.HasSuffix(v, ":ro"), "%s mounts %s", name, v)
			}
		}
	}
}
