package client

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/galestream/gale/cluster"
)

// Discover returns how the command gale reaches a cluster when its flags don't say: as the environment variables GALE_NATS, GALE_CREDS,
// GALE_TLS_CA, GALE_TLS_CERT and GALE_TLS_KEY do; if none is set, that of the `gale dev` that this user runs here; else the zero Access,
// which is NATS at its default address. The error, [cluster.Invalid], says that the file of `gale dev` is damaged.
func Discover() (cluster.Access, error) {
	a := cluster.Access{
		URL: os.Getenv("GALE_NATS"), Credentials: os.Getenv("GALE_CREDS"),
		CA: os.Getenv("GALE_TLS_CA"), Cert: os.Getenv("GALE_TLS_CERT"), Key: os.Getenv("GALE_TLS_KEY"),
	}
	if a != (cluster.Access{}) {
		return a, nil
	}
	c, err := ReadConnection(ConnectionFile())
	if err != nil || !c.Living() {
		return cluster.Access{}, err
	}
	return cluster.Access{URL: c.URL, Credentials: c.Credentials}, nil
}

// Connection is the content of the file by which `gale dev` tells other processes of its user how to reach it.
type Connection struct {
	URL         string `json:"url"`
	Credentials string `json:"credentials"` // a file; empty for none
	PID         int    `json:"pid"`         // of the gale dev

	// Started tells the gale dev from processes that get its PID later. What it is made of differs between systems. Empty, as in files of
	// versions without it, means that it is not known.
	Started string `json:"started,omitempty"`
}

// NewConnection returns the Connection of this process, as a `gale dev` writes it.
func NewConnection(url, credentials string) Connection {
	c := Connection{URL: url, Credentials: credentials, PID: os.Getpid()}
	c.Started, _ = startOf(c.PID) // without it, its number has to do
	return c
}

// ConnectionFile returns where that file is; empty where the user has no folder for such.
func ConnectionFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "gale", "dev.json")
}

// ReadConnection returns what the file has, the zero Connection when there is none.
func ReadConnection(file string) (c Connection, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		return Connection{}, cluster.Errorf(cluster.Invalid, "the file of `gale dev`, %s, can't be read: %v", file, err).WithHint("remove it, or say with --nats or GALE_NATS where the cluster is")
	}
	return c, nil
}

// Living reports whether the process that has written c is there still: a `gale dev` that was killed leaves its file, and its number to others. Where
// it can't be found out when the process of that number has started, one of that number is taken for it.
func (c Connection) Living() bool {
	if c.PID <= 0 {
		return false
	}
	if err := syscall.Kill(c.PID, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	started, err := startOf(c.PID)
	return c.Started == "" || err != nil || started == c.Started
}
