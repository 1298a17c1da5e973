package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// pull is the request for messages that the server has from a feed; there is at most one. Its messages come as
// the stream has them, so one that is not used up costs nothing.
//
// The client library's own ways to consume are not used for what they do with messages that nobody takes: they
// hold them where they can't be kept alive, and drop them when they are stopped, so that the
// server would have to wait for AckWait.
type pull struct {
	inbox string // of the subscription
	nth   int    // of the requests
	asked int    // messages that are still to come
	heard time.Time
	stale bool // the consumer must be looked up before it is asked again
}

const (
	// expiry bounds how long the server believes in a request: the process may be gone, and its connection half open.
	expiry    = 5 * time.Second
	heartbeat = time.Second
	// deaf is after how long a request that nothing was heard of is made again.
	deaf = 3 * heartbeat
)

type pullRequest struct {
	Batch     int           `json:"batch"`
	Expires   time.Duration `json:"expires"`
	Heartbeat time.Duration `json:"idle_heartbeat"`
}

func (p *pull) reply() string { return p.inbox + ".pull." + strconv.Itoa(p.nth) }

// ask asks for messages when none are to come, and half of those that may be ready were taken.
func (f *feed) ask() {
	room := f.options.Prefetch - f.hold.waiting()
	if f.sub == nil || f.stale || f.asked > 0 || room < (f.options.Prefetch+1)/2 {
		return
	}
	body, err := json.Marshal(pullRequest{Batch: room, Expires: expiry, Heartbeat: heartbeat})
	if err != nil {
		f.report(err)
		return
	}
	f.nth++
	subject := jetstream.DefaultAPIPrefix + "CONSUMER.MSG.NEXT." + f.options.Stream + "." + f.options.Consumer
	if f.session.nc.PublishRequest(subject, f.reply(), body) != nil {
		return // the connection is away: reconnected asks again
	}
	f.asked, f.heard = room, time.Now()
}

// askAgain gives a request up: words about it are not heeded any more, but messages are welcome.
func (f *feed) askAgain() {
	f.asked = 0
	f.ask()
}

// watch renews a request of which nothing is heard, and looks up a consumer that is not there.
func (f *feed) watch(now time.Time) {
	if f.sub == nil {
		return
	}
	if f.stale {
		f.rebind()
		return
	}
	if f.asked > 0 && len(f.in) == 0 && now.Sub(f.heard) > deaf {
		f.report(fmt.Errorf("the stream %q has not answered for %v; asking again", f.options.Stream, deaf))
		f.asked = 0
	}
	f.ask()
}

func (f *feed) rebind() {
	f.errand(func(ctx context.Context) func() {
		b, err := bind(ctx, f.session.js, f.options)
		return func() { f.rebound(b, err) }
	})
}

func (f *feed) rebound(b binding, err error) {
	if err != nil {
		f.report(err)
		return
	}
	if b.made {
		f.report(f.options.explain(errors.New("it was gone, and with it its position; it was made again")))
	}
	f.ackWait, f.stale = b.ackWait, false
	f.ask()
}

// receive takes what the server sends.
func (f *feed) receive(m *nats.Msg) {
	f.heard = time.Now()
	switch {
	case strings.HasPrefix(m.Reply, "$JS.ACK."):
		f.deliver(m)
	case f.confirms != "" && strings.HasPrefix(m.Subject, f.confirms+"."):
		f.confirmed(m)
	case m.Subject == f.reply():
		f.status(m)
	}
}

// deliver takes a message.
func (f *feed) deliver(m *nats.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		f.report(fmt.Errorf("message on %s: %w", m.Subject, err))
		return
	}
	f.asked = max(f.asked-1, 0)
	r := &record{feed: f, subject: m.Subject, data: m.Data, told: time.Now()}
	r.id = identity{meta.Sequence.Stream, meta.Timestamp.UnixNano()}
	r.answer = answer{m.Reply, meta.NumDelivered}
	switch {
	case f.hold.again(r.id, r.answer):
	case f.sub == nil:
		f.giveBack(r.answer, 0)
	case f.hold.add(r):
		f.tc.Wake()
	}
	f.ask()
}

// status takes a word about the request. All but heartbeats end it.
func (f *feed) status(m *nats.Msg) {
	code, text := m.Header.Get("Status"), m.Header.Get("Description")
	switch {
	case code == "100":
		return
	case code == "404", code == "408", text == "Batch Completed":
		f.askAgain()
		return
	case code == "503":
		text = "no answer: JetStream is not ready, or the consumer is gone"
	}
	f.asked, f.stale = 0, true // watch looks after it
	f.report(f.options.explain(errors.New(text)))
}
