package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func dataFlag(daemon string) cli.Flag {
	return &cli.StringFlag{Name: "data", Usage: "folder of what must last `DIR`", DefaultText: "~/.local/share/gale/" + daemon}
}

// data returns the data folder, which it makes if it is not there.
func (i *invocation) data(daemon string) (string, error) {
	dir := i.String("data")
	if dir == "" {
		home, err := dataHome()
		if err != nil {
			return "", cluster.Errorf(cluster.Invalid, "there is no place for data: %v", err).WithHint("give a folder with --data")
		}
		dir = filepath.Join(home, "gale", daemon)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", cluster.Errorf(cluster.Invalid, "the data folder can't be made: %v", err).WithHint("give another folder with --data")
	}
	return dir, nil
}

// dataHome is where users' programs keep data, by the XDG Base Directory Specification.
func dataHome() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share"), err
}

// secrets are the keys of a cluster whose NATS is Gale's own, and files with credentials that they have signed.
type secrets struct {
	keys                *auth.Keys
	daemon, client, app string // credentials files
}

// openSecrets reads the keys from the data folder, or makes them, and writes the credentials files anew. Those written before stay good.
func openSecrets(data string) (*secrets, error) {
	keys, err := auth.OpenKeys(filepath.Join(data, "keys"))
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(data, "credentials")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of credentials: %w", err)
	}
	s := &secrets{keys: keys}
	return s, cmp.Or(
		s.write(dir, auth.Daemon, &s.daemon),
		s.write(dir, auth.Client, &s.client),
		s.write(dir, auth.App, &s.app),
	)
}

func (s *secrets) write(dir string, role auth.Role, file *string) error {
	text, err := s.keys.Issue(role, string(role))
	if err != nil {
		return err
	}
	*file = filepath.Join(dir, string(role)+".creds")
	return auth.WriteFile(*file, text)
}
