package main

import (
	"context"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
)

// Request is what the topology needs of a line: what "parse" emits and "rates" reads.
type Request struct {
	Path     string        `gale:"path"` // see pathOf
	Status   int           `gale:"status"`
	Bytes    int64         `gale:"bytes"`
	Duration time.Duration `gale:"duration"`
	Timed    bool          `gale:"timed"` // whether the line has a duration
	At       time.Time     `gale:"at"`
}

// failed reports whether the server has failed to answer.
func (r Request) failed() bool { return r.Status >= 500 && r.Status <= 599 }

// parse emits the request of a line. The error for a malformed one makes it a dead letter.
func parse(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	e, err := parseEntry(t.String("line"))
	if err != nil {
		return err
	}
	topology.EmitStruct(out, Request{
		Path: pathOf(e.request), Status: e.status, Bytes: e.bytes,
		Duration: e.duration, Timed: e.timed, At: e.at,
	})
	return nil
}

const (
	// noPath is counted for requests without a path, such as TLS spoken to a port for plain HTTP.
	noPath = "-"
	// maxPath is how many bytes of a path are told apart.
	maxPath = 200
)

// pathOf returns what a request is counted under: the path that it asks for, without scheme, host,
// query and fragment.
func pathOf(request string) string {
	_, target, _ := strings.Cut(request, " ")
	target, _, _ = strings.Cut(target, " ")
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	if _, rest, absolute := strings.Cut(target, "://"); absolute && target[0] != '/' {
		_, path, _ := strings.Cut(rest, "/")
		target = "/" + path
	}
	if !strings.HasPrefix(target, "/") {
		return noPath
	}
	return target[:min(len(target), maxPath)]
}
