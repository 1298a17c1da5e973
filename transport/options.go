package transport

import (
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"
)

// Dest is a place in the peer's process that slabs are sent to, chosen by the caller: a task, or all tasks of a component. Each
// has credits of its own, so that one that is slow stops nothing but what is sent to it.
type Dest uint32

// Defaults of Options.
const (
	DefaultCredits  = 32
	DefaultMaxFrame = 64 << 10
)

// Options are what a Node is opened with.
type Options struct {
	Topology string // the topology's id, a subject token
	Worker   string // own id, a subject token
	Life     uint64 // of this process, in 1..2^40-1: a later process of the same worker has a higher one
	Credits  int    // slabs that a sender may have under way to each Dest, from 1; both ends must agree; 0 for DefaultCredits
	MaxFrame int    // bytes of a frame's body, about; 0 for DefaultMaxFrame; never above what NATS takes
	Handler  Handler
	Log      *zap.Logger // nil for none
	// Subject returns the subject on which worker from sends to worker to; it ends with the token from. The
	// control lane is on the same with ".c" appended.
	Subject func(to, from string) string
}

// Handler is told what comes. The node calls it from its goroutines: for one peer, calls of Slab come one at a time and in
// order, and so do those of Control and Credit; Reset comes alone. None may block or call
// SetPeers or Close; all else is allowed.
type Handler interface {
	// Slab takes one slab, as it was given to Send; body is the handler's to keep, and keeps the frame that it came in. When
	// it has been handled, the handler calls p.Grant(dest): once for each slab, whatever has become of p since.
	Slab(p *Peer, dest Dest, body []byte)
	// Control takes one control record, as it was given to Peer.Control; record is the handler's to keep.
	Control(p *Peer, record []byte)
	// Credit says that there is credit again where Send has found none.
	Credit(p *Peer, dest Dest)
	// Reset says that the peer has begun a new life, or is no peer any more, or has removed us and added us again. What was sent to its former life and not
	// handled there is lost; nothing of that life will come any more, and nothing of the new one has.
	Reset(p *Peer)
}

func (o *Options) ensureDefaults() {
	if o.Credits == 0 {
		o.Credits = DefaultCredits
	}
	if o.MaxFrame == 0 {
		o.MaxFrame = DefaultMaxFrame
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
}

func (o *Options) validate() error {
	var problems []error
	problem := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf("transport: "+format, args...))
		}
	}
	problem(!isToken(o.Topology), "Topology %q is no subject token", o.Topology)
	problem(!isToken(o.Worker), "Worker %q is no subject token", o.Worker)
	problem(o.Life < 1 || o.Life > maxLife, "Life is %d; it is from 1 to %d", o.Life, uint64(maxLife))
	problem(o.Credits < 1 || o.Credits > maxCredits, "Credits is %d; it is from 1 to %d", o.Credits, maxCredits)
	problem(o.MaxFrame < 1, "MaxFrame is %d; it is at least 1", o.MaxFrame)
	problem(o.Handler == nil, "Handler is missing")
	problem(o.Subject == nil, "Subject is missing")
	return errors.Join(problems...)
}

func isToken(s string) bool { return s != "" && !strings.ContainsAny(s, ".*> \t\r\n") }
