package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/galestream/gale/client"
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
	return client.Discover()
}

// givenAccess is what the flags or the environment say. Daemons go by that alone: they are no part of somebody's `gale dev`.
func (i *invocation) givenAccess() cluster.Access {
	return cluster.Access{
		URL: i.String("nats"), Credentials: i.String("creds"), CA: i.String("tls-ca"), Cert: i.String("tls-cert"), Key: i.String("tls-key"),
	}
}

// devSite is the file by which other processes of this user find this gale dev.
type devSite struct {
	file string
	mine client.Connection
}

// announce writes the file, for its user alone, unless that of another gale dev is there that runs: then it returns that one's, and others find
// this one by flags only.
func (s devSite) announce() (other *client.Connection, err error) {
	there, err := client.ReadConnection(s.file)
	if err == nil && there.PID != s.mine.PID && there.Living() {
		return &there, nil
	}
	text, err := json.Marshal(s.mine) // in place also of one that can't be read
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(s.file), 0o700); err != nil {
		return nil, fmt.Errorf("the file by which others find this cluster: %w", err)
	}
	temporary := fmt.Sprintf("%s.%d", s.file, s.mine.PID)
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return nil, fmt.Errorf("the file by which others find this cluster: %w", err)
	}
	if err := os.Rename(temporary, s.file); err != nil {
		return nil, fmt.Errorf("the file by which others find this cluster: %w", err)
	}
	return nil, nil
}

// withdraw removes the file if it is this gale dev's own.
func (s devSite) withdraw() error {
	there, err := client.ReadConnection(s.file)
	if err != nil || there != s.mine {
		return nil //nolint:nilerr // another's, or damaged: it is not this one's to remove
	}
	if err := os.Remove(s.file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
