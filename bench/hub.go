package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/nats-io/nats.go"
)

// hub is what processes meet at: a folder, a nats-server in this process that asks nobody for credentials, and a connection to it.
type hub struct {
	dir    string
	server *natsd.Server
	nc     *nats.Conn
}

func startHub() (h *hub, err error) {
	h = &hub{}
	if h.dir, err = os.MkdirTemp("", "gale-bench-"); err != nil {
		return h, err
	}
	if h.server, err = natsd.Start(natsd.Options{Data: h.path("nats"), Port: -1}); err != nil {
		return h, err
	}
	h.nc, err = cluster.Connect(h.access(), "bench", nil)
	return h, err
}

func (h *hub) path(name string) string { return filepath.Join(h.dir, name) }

func (h *hub) access() cluster.Access { return cluster.Access{URL: h.server.URL()} }

// stop may be called of a hub that did not start as a whole.
func (h *hub) stop() error {
	if h.nc != nil {
		h.nc.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
	}
	if h.dir == "" {
		return nil
	}
	return os.RemoveAll(h.dir)
}

// unlessStarted stops what did not start as a whole.
func unlessStarted(err error, stop func() error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, stop())
}
