package nimbus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// How long a supervisor that has no workers must have been lost until it is forgotten. One that was drained is kept longer: it is to be found
// drained when it is back after repairs; one that is back later is used again. A new leader counts anew.
const (
	forgetAfter        = time.Hour
	forgetDrainedAfter = 24 * time.Hour
)

// doubtfulAge is the age at which a program is removed that no topology uses, but for those whose records can't be read: they may be mended.
const doubtfulAge = 24 * time.Hour

// collect removes what nobody needs any more: programs that no topology runs, and supervisors that are lost for good.
func (l *leader) collect() error {
	l.collectPrograms()
	return l.forgetSupervisors(time.Now())
}

// collectPrograms removes programs that are old enough that nobody is about to submit them, and what is left of uploads.
func (l *leader) collectPrograms() {
	ctx, cancel := context.WithTimeout(l.ctx, storeTime)
	defer cancel()
	s, err := l.shelf(ctx)
	if err == nil {
		err = s.tidy(ctx, l.maybeDiscard)
	}
	if err != nil {
		l.log.Warn("not all programs that nobody runs could be removed; it is tried again", zap.Error(err))
	}
}

// maybeDiscard removes a program that is old enough, as far as what is known of topologies goes.
func (l *leader) maybeDiscard(digest string, age time.Duration) {
	if !l.unread() || age > doubtfulAge {
		l.discard(digest)
	}
}

// discard removes a program unless a topology runs it. If that fails it is removed later, by collect.
func (l *leader) discard(digest string) {
	if l.uses(digest) {
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, storeTime)
	defer cancel()
	if err := l.programs.Delete(ctx, digest); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		l.log.Warn("can't remove a program", zap.String("digest", digest), zap.Error(err))
	}
}

// forgetSupervisors deletes the records of supervisors that have been lost for long.
func (l *leader) forgetSupervisors(now time.Time) error {
	used := l.used()
	for id, v := range l.supervisors {
		if now.Sub(v.at) < v.keptFor() || used[id] > 0 {
			continue
		}
		if err := l.delete(cluster.SupervisorPrefix + id); err != nil {
			return l.tolerate(err, "can't forget a supervisor", zap.String("id", id))
		}
		delete(l.supervisors, id)
		l.changed()
	}
	return nil
}

// keptFor returns how long the supervisor's record is kept while nothing is heard of it.
func (s *supervisor) keptFor() time.Duration {
	if s.record.Drained {
		return forgetDrainedAfter
	}
	return forgetAfter
}
