package changelog

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Variable is the environment variable that says where logs are kept.
const Variable = "GALE_STATE"

// place is the JSON file that Variable may name.
type place struct {
	URL         string `json:"url"` // nats://host:port, or several separated by commas
	Credentials string `json:"credentials,omitempty"`
	CA          string `json:"ca,omitempty"`
	Cert        string `json:"cert,omitempty"`
	Key         string `json:"key,omitempty"`
	Inbox       string `json:"inbox,omitempty"`    // the prefix of inboxes; empty for NATS's own
	Replicas    int    `json:"replicas,omitempty"` // as in Options
	MaxBytes    int64  `json:"max_bytes,omitempty"`
}

// Environment opens a topology's log where GALE_STATE says: unset or "memory:" is [Memory]; "folder:PATH" is [Open] on a folder for the topology under PATH; any other is the path of a JSON
// file {"url", "credentials", "ca", "cert", "key", "inbox", "replicas", "max_bytes"}, all but the first optional, and the log is in [JetStream], by a connection of
// its own that Close closes. It waits for NATS 30 s at most. Whoever needs the log in several tasks shares one: each call opens another.
func Environment(topology string) (Log, error) {
	e, err := escape(topology)
	if err != nil {
		return nil, err
	}
	value := os.Getenv(Variable)
	if value == "" || value == "memory:" {
		return Memory(), nil
	}
	if folder, ok := strings.CutPrefix(value, "folder:"); ok {
		if folder == "" {
			return nil, fmt.Errorf("%s=%s: it has to name a folder, as in folder:/var/lib/gale", Variable, value)
		}
		return Open(filepath.Join(folder, e))
	}
	l, err := openPlace(value, topology)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", Variable, value, err)
	}
	return l, nil
}

// openTimeout is how long Environment waits for NATS.
const openTimeout = 30 * time.Second

func openPlace(path, topology string) (Log, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("it has to be memory:, folder:PATH or the path of a file: %w", err)
	}
	var p place
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("the file has to be JSON: %w", err)
	}
	if p.URL == "" {
		return nil, fmt.Errorf(`the file has to say "url"`)
	}
	nc, err := nats.Connect(p.URL, append(p.options(), nats.Name("gale state "+topology))...)
	if err != nil {
		return nil, fmt.Errorf("connecting to NATS: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	l, err := JetStream(ctx, nc, topology, Options{Replicas: p.Replicas, MaxBytes: p.MaxBytes})
	if err != nil {
		nc.Close()
		return nil, err
	}
	l.(*stream).owned = true
	return l, nil
}

// Settings of the connection. A half-open one is seen within 4.5 s.
const (
	pingInterval  = 1500 * time.Millisecond
	pingsOut      = 2
	dialTimeout   = 2 * time.Second
	reconnectWait = 100 * time.Millisecond
	reconnectMax  = time.Second
)

// options leaves out the reconnect buffer: what is sent late has been tried again, or given up.
func (p place) options() []nats.Option {
	o := []nats.Option{
		nats.Timeout(dialTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(pingsOut),
		nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.IgnoreAuthErrorAbort(), nats.RetryOnFailedConnect(true),
		nats.CustomReconnectDelay(func(attempts int) time.Duration { return min(reconnectWait<<min(attempts, 8), reconnectMax) }),
	}
	if p.Credentials != "" {
		o = append(o, nats.UserCredentials(p.Credentials))
	}
	if p.CA != "" {
		o = append(o, nats.RootCAs(p.CA))
	}
	if p.Cert != "" || p.Key != "" {
		o = append(o, nats.ClientCert(p.Cert, p.Key))
	}
	if p.Inbox != "" {
		o = append(o, nats.CustomInboxPrefix(p.Inbox))
	}
	return o
}
