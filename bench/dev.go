package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

// dev is a run of gale dev, in a folder of its own.
type dev struct {
	*daemon
	dir   string
	ready time.Duration // from its start to the line that says so
}

// devReadyWord is how the line begins that gale dev prints when it is ready.
const devReadyWord = "ready"

// startDev returns when it is ready.
func startDev() (d *dev, err error) {
	gale, err := built("cmd/gale")
	if err != nil {
		return nil, err
	}
	d = &dev{}
	defer func() { err = unlessStarted(err, d.stop) }()
	if d.dir, err = os.MkdirTemp("", "gale-bench-"); err != nil {
		return d, err
	}
	c := exec.Command(gale, "dev", "--port", "-1", "--data", filepath.Join(d.dir, "data"))
	c.Env = append(os.Environ(), "HOME="+d.dir, "XDG_CONFIG_HOME="+d.dir)
	stdout, err := c.StdoutPipe()
	if err != nil {
		return d, err
	}
	began := time.Now()
	if d.daemon, err = startDaemon(filepath.Join(d.dir, "log"), c); err != nil {
		return d, err
	}
	word := make([]byte, len(devReadyWord))
	if _, err := io.ReadFull(stdout, word); err != nil || string(word) != devReadyWord {
		return d, fmt.Errorf("gale dev said %q before it was ready: %w", word, err)
	}
	d.ready = time.Since(began)
	return d, nil
}

// connect connects as every terminal of the user would: by the file that gale dev writes.
func (d *dev) connect() (*client.Client, error) {
	text, err := os.ReadFile(filepath.Join(d.dir, "gale", "dev.json"))
	if err != nil {
		return nil, err
	}
	var at struct{ URL, Credentials string }
	if err := json.Unmarshal(text, &at); err != nil {
		return nil, err
	}
	return client.Connect(cluster.Access{URL: at.URL, Credentials: at.Credentials})
}

func (d *dev) stop() (err error) {
	if d.daemon != nil {
		err = d.daemon.stop()
	}
	if d.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// devReady returns how long gale dev takes to be ready, with a new data folder.
func devReady() (time.Duration, error) {
	d, err := startDev()
	if err != nil {
		return 0, err
	}
	return d.ready, d.stop()
}
