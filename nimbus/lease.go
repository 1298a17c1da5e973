package nimbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/galestream/gale/cluster"
)

// Timing of campaigns.
const (
	campaignPause = 250 * time.Millisecond // between attempts to win the lease
	renewalPause  = 50 * time.Millisecond  // between attempts to renew it, when one could not be sent
	releaseTime   = time.Second            // that giving it back may take
)

var (
	errLeaseOver = errors.New("the lease could not be renewed in time")
	errReplaced  = errors.New("the lease is another's")
)

// term is how long a leader may act. It counts on the leader's own monotonic clock from when it began its last
// successful renewal: the server has counted from later on, so the lease lasts longer than the term, by at least the margin.
type term struct{ began time.Time }

func (t term) end() time.Time     { return t.began.Add(cluster.LeaseTTL - cluster.LeaseMargin) }
func (t term) renewal() time.Time { return t.began.Add(cluster.LeaseRenewal) }

// lease is the leadership as the lease's bucket knows it: an entry that expires unless it is renewed.
type lease struct {
	kv       jetstream.KeyValue
	leader   []byte
	revision uint64
	term     term
}

// campaign tries to win the lease until it has, or ctx is done.
func campaign(ctx context.Context, kv jetstream.KeyValue, id string) (*lease, error) {
	for {
		l := &lease{kv: kv, leader: []byte(id), term: term{time.Now()}}
		if err := l.win(ctx); err == nil {
			return l, nil
		}
		if err := pause(ctx, campaignPause); err != nil {
			return nil, err
		}
	}
}

func (l *lease) win(ctx context.Context) (err error) {
	ctx, cancel := context.WithDeadline(ctx, l.term.end())
	defer cancel()
	l.revision, err = l.kv.Create(ctx, cluster.LeaseKey, l.leader)
	return err
}

// keep renews the lease until ctx is done, and ends the leadership, with the reason, when that fails. The end of the term ends it
// even while a renewal hangs.
func (l *lease) keep(ctx context.Context, end context.CancelCauseFunc) {
	watchdog := time.AfterFunc(time.Until(l.term.end()), func() { end(errLeaseOver) })
	defer watchdog.Stop()
	for pause(ctx, time.Until(l.term.renewal())) == nil {
		if err := l.renew(ctx); err != nil {
			end(err)
			return
		}
		watchdog.Reset(time.Until(l.term.end()))
	}
}

// renew tries until the term is over. A renewal whose outcome is unknown is not tried again, but waited for until the end: had it
// taken effect, the next would be refused.
func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithDeadlineCause(ctx, l.term.end(), errLeaseOver)
	defer cancel()
	for {
		next := term{time.Now()}
		revision, err := l.kv.Update(ctx, cluster.LeaseKey, l.leader, l.revision)
		if err == nil {
			l.revision, l.term = revision, next
			return nil
		}
		if cluster.IsConflict(err) {
			return errReplaced
		}
		if pause(ctx, renewalPause) != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// release gives the lease back, so that another can lead at once. If it fails the lease expires.
func (l *lease) release() {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	_ = l.kv.Delete(ctx, cluster.LeaseKey, jetstream.LastRevision(l.revision)) // refused when it is another's by now
}

// pause waits; the error is why ctx is done, if it is first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
