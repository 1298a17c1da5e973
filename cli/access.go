package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

// accessFlags are those that say how to reach a cluster. Help shows them once for all verbs.
func accessFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "nats", Usage: "the cluster's NATS, several servers separated by commas `URL`", EnvVars: []string{"GALE_NATS"}},
		&cli.StringFlag{Name: "creds", Usage: "credentials for NATS `FILE`", EnvVars: []string{"GALE_CREDS"}},
		&cli.StringFlag{Name: "tls-ca", Usage: "authorities that sign NATS' certificate, PEM `FILE`", EnvVars: []string{"GALE_TLS_CA"}},
		&cli.StringFlag{Name: "tls-cert", Usage: "this side's certificate, PEM `FILE`", EnvVars: []string{"GALE_TLS_CERT"}},
		&cli.StringFlag{Name: "tls-key", Usage: "the key of that certificate, PEM `FILE`", EnvVars: []string{"GALE_TLS_KEY"}},
	}
}

// sharedFlags are those that may also stand before the verb.
func sharedFlags() []cli.Flag { return append(accessFlags(), outputFlag("")) }

// access returns how to reach the cluster: what the flags or the environment say, else the `gale dev` that runs
// here, else the default.
func (i *invocation) access() (cluster.Access, error) {
	if a := i.givenAccess(); a != (cluster.Access{}) {
		return a, nil
	}
	return readConnection(connectionFile())
}

// givenAccess is what the flags or the environment say. Daemons go by that alone: they are no part of somebody's `gale dev`.
func (i *invocation) givenAccess() cluster.Access {
	return cluster.Access{
		URL: i.String("nats"), Credentials: i.String("creds"), CA: i.String("tls-ca"), Cert: i.String("tls-cert"), Key: i.String("tls-key"),
	}
}

// connection is the content of the file by which gale dev tells other processes of its user how to reach it.
type connection struct {
	URL         string `json:"url"`
	Credentials string `json:"credentials"` // a file; empty for none
}

// connectionFile returns where that file is; empty where the user has no folder for such.
func connectionFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "gale", "dev.json")
}

func readConnection(file string) (cluster.Access, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return cluster.Access{}, nil
	}
	var c connection
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		return cluster.Access{}, cluster.Errorf(cluster.Invalid, "the file of `gale dev`, %s, can't be read: %v", file, err).WithHint("remove it, or say with --nats where the cluster is")
	}
	return cluster.Access{URL: c.URL, Credentials: c.Credentials}, nil
}

// writeConnection writes the file, for its user alone, and returns what removes it again unless another has written it since.
func writeConnection(file string, c connection) (remove func() error, err error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("the file by which others find this cluster: %w", err)
	}
	temporary := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return nil, fmt.Errorf("the file by which others find this cluster: %w", err)
	}
	if err := os.Rename(temporary, file); err != nil {
		return nil, fmt.Errorf("the file by which others find this cluster: %w", err)
	}
	return func() error { return removeIfSame(file, string(text)) }, nil
}

func removeIfSame(file, text string) error {
	now, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(now) != text {
		return nil
	}
	return errors.Join(err, os.Remove(file))
}
