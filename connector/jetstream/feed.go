package jetstream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
)

// feed is the goroutine of a spout task that pulls messages, keeps the server informed about those that are held, and
// notices the end. Fields without a word are the goroutine's own.
//
// It keeps time by the machine's clock, not by Context.Now, because the server does.
type feed struct {
	session *session
	options SpoutOptions
	tc      *topology.Context
	ackWait time.Duration
	until   uint64 // with the option End: the stream's last sequence at Open
	hold    *hold
	over    atomic.Bool // with the option End: all is acked, and nothing will come

	in       chan *nats.Msg     // what the server sends: messages, statuses, confirmations
	sub      *nats.Subscription // of messages and statuses; nil while the feed is paused
	confirms string             // the inbox of confirmations; set before the goroutine starts
	pull

	drawn       chan struct{} // there may be room for more messages
	reconnected chan struct{}
	ctl         chan func() // done on the goroutine
	ctx         context.Context
	cancel      context.CancelFunc
	ended       chan struct{}
	errands     sync.WaitGroup
	onErrand    bool
	reports     limiter
}

// tick is how often the feed looks after what it holds.
const tick = 250 * time.Millisecond

func newFeed(s *session, tc *topology.Context, o SpoutOptions, ackWait time.Duration, until uint64) *feed {
	f := &feed{session: s, options: o, tc: tc, ackWait: ackWait, until: until, hold: newHold()}
	// What is asked for, twice in case a request was given up that is answered after all, and
	// words about it. When it is full, words are dropped, and what they were about comes again.
	f.in = make(chan *nats.Msg, 2*o.Prefetch+1024)
	f.drawn, f.reconnected = make(chan struct{}, 1), make(chan struct{}, 1)
	f.ctl, f.ended = make(chan func()), make(chan struct{})
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// start starts the goroutine, which stop ends.
func (f *feed) start() error {
	if f.options.ConfirmAcks {
		f.confirms = f.session.nc.NewInbox()
		sub, err := f.session.nc.ChanSubscribe(f.confirms+".>", f.in)
		if err != nil {
			return err
		}
		context.AfterFunc(f.ctx, func() { _ = sub.Unsubscribe() }) // or the connection is closed
	}
	go f.run()
	return nil
}

// stop gives back all that is held, and waits until the goroutine has ended.
func (f *feed) stop() {
	f.cancel()
	<-f.ended
}

func (f *feed) run() {
	defer close(f.ended)
	defer f.session.join(&member{tc: f.tc, reconnected: func() { nudge(f.reconnected) }})()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case m := <-f.in:
			f.receive(m)
		case <-f.drawn:
			f.ask()
		case <-f.reconnected:
			f.hold.untold()
			f.inform(time.Now())
			f.askAgain()
		case now := <-ticker.C:
			f.look(now)
		case do := <-f.ctl:
			do()
		case <-f.ctx.Done():
			f.leave()
			return
		}
	}
}

// look is what is done regularly.
func (f *feed) look(now time.Time) {
	if !f.session.nc.IsConnected() {
		return
	}
	f.inform(now)
	f.watch(now)
	f.lookForEnd()
}

// do has the goroutine do something, and waits until it has.
func (f *feed) do(what func()) {
	done := make(chan struct{})
	f.ctl <- func() { what(); close(done) }
	<-done
}

// resume begins to pull. Each subscription has an inbox of its own, so that what was meant for an earlier one is told apart.
func (f *feed) resume() {
	if f.sub != nil || f.over.Load() {
		return
	}
	f.inbox = f.session.nc.NewInbox()
	sub, err := f.session.nc.ChanSubscribe(f.inbox+".>", f.in)
	if err != nil {
		f.report(err)
		return
	}
	f.sub = sub
	f.askAgain()
}

// pause ends pulling, and gives back what is not emitted yet. The channel is closed when the server
// knows, and nothing more will come.
func (f *feed) pause() (drained <-chan struct{}) {
	c := make(chan struct{})
	closed := sync.OnceFunc(func() { close(c) })
	sub := f.sub
	f.sub, f.asked = nil, 0
	if sub != nil {
		sub.SetClosedHandler(func(string) { closed() })
	}
	if sub == nil || sub.Drain() != nil { // it fails when the connection is closed
		closed()
	}
	for _, a := range f.hold.takeReady() { // after Drain: else they would come here again
		f.giveBack(a, 0)
	}
	return c
}

// leave gives back all that is held.
func (f *feed) leave() {
	f.errands.Wait()
	f.pause()
	for len(f.in) > 0 {
		f.receive(<-f.in)
	}
	now := time.Now()
	for _, d := range f.hold.silent(now.Add(time.Nanosecond), now) {
		if d.acked.IsZero() {
			f.giveBack(f.hold.remove(d.record), 0)
		}
	}
}

// errand asks the server something beside the loop, which must not wait; then the loop does what do returns. Only
// one is under way at a time.
func (f *feed) errand(do func(context.Context) func()) {
	if f.onErrand {
		return
	}
	f.onErrand = true
	f.errands.Go(func() {
		ctx, cancel := context.WithTimeout(f.ctx, attempt)
		defer cancel()
		then := do(ctx)
		select {
		case f.ctl <- func() { f.onErrand = false; then() }:
		case <-f.ctx.Done():
		}
	})
}

// lookForEnd finds out whether all is acked, while this task holds nothing.
func (f *feed) lookForEnd() {
	if !f.options.End || f.sub == nil || !f.hold.empty() {
		return
	}
	f.errand(func(ctx context.Context) func() {
		done, err := doneUntil(ctx, f.session.js, f.options, f.until)
		return func() { f.endIf(done, err) }
	})
}

func (f *feed) endIf(done bool, err error) {
	if err != nil {
		f.report(err)
	}
	if done && f.hold.empty() {
		f.pause() // else what others give back would come here
		f.over.Store(true)
		f.tc.Wake()
	}
}

func (f *feed) report(err error) {
	if f.reports.allow(err.Error(), time.Now()) {
		f.tc.Report(err)
	}
}

// limiter lets an error pass when it is another than the last one, or 10 s later.
type limiter struct {
	last string
	at   time.Time
}

func (l *limiter) allow(text string, now time.Time) bool {
	if text == l.last && now.Sub(l.at) < 10*time.Second {
		return false
	}
	l.last, l.at = text, now
	return true
}

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
