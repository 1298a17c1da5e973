package jetstream

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
)

// SpoutOptions say what a [Spout] reads, and how. Stream must be given; the zero values of the rest are
// ready.
type SpoutOptions struct {
	Access Access
	// Stream is the name of the stream, which must exist.
	Stream string
	// Consumer is the name of the durable consumer, by which the stream's position is kept; all that read by
	// the same name share the messages. It is made when there is none. Empty means
	// gale-TOPOLOGY-COMPONENT, with "-" for each "." of the names.
	Consumer string
	// Subjects are what is read of the stream, with wildcards. Empty means all, or
	// what the consumer says that is there already.
	Subjects []string
	// New has a consumer that is made begin with the messages that come after it, instead of
	// the first that the stream has.
	New bool
	// End has the spout end when all messages that the stream had when it was opened have been acked. Messages
	// that come meanwhile may be emitted, too.
	End bool
	// Expire has the server remove the consumer, and the position with it, when it was not read for so long, at
	// least a second. 0 leaves it; then it stays for ever, if it was made here.
	Expire time.Duration

	// AckWait is how long the server waits for a sign of life of the task that holds a message: how long
	// it takes until the messages of a killed worker are given to others. At least a second; less than
	// two is risky where processes may stand still for so long. 0 leaves it, and means 5 s for a consumer
	// that is made here.
	AckWait time.Duration
	// MaxAckPending is how many messages all tasks together may hold; the server gives no more. 0
	// leaves it, and means 65536 for a consumer that is made here.
	MaxAckPending int
	// Prefetch is how many messages a task may hold besides those that are pending in trees, 1 to
	// 16384. 0 means 512; with large messages, less keeps memory small.
	Prefetch int
	// Backoff is the delay with which a message that failed comes again for the first time; it
	// doubles with each delivery, up to MaxBackoff. 0 means 10 ms and 10 s.
	Backoff, MaxBackoff time.Duration
	// ConfirmAcks has the server confirm each ack, and repeats those that it has not confirmed. Without it, acks
	// that are on their way when a connection breaks are lost, and their messages come again. It costs a
	// message for each ack.
	ConfirmAcks bool
}

const (
	defaultAckWait       = 5 * time.Second
	defaultMaxAckPending = 65536
	defaultPrefetch      = 512
	maxPrefetch          = 16384
	defaultBackoff       = 10 * time.Millisecond
	defaultMaxBackoff    = 10 * time.Second
)

func (o SpoutOptions) withDefaults(tc *topology.Context) SpoutOptions {
	if o.Consumer == "" {
		o.Consumer = strings.ReplaceAll(fmt.Sprintf("gale-%s-%s", tc.Topology, tc.Component), ".", "-")
	}
	o.Prefetch = cmp.Or(o.Prefetch, defaultPrefetch)
	o.Backoff = cmp.Or(o.Backoff, defaultBackoff)
	o.MaxBackoff = cmp.Or(o.MaxBackoff, max(defaultMaxBackoff, o.Backoff))
	return o
}

// check lists all that is wrong, after the defaults were filled in.
func (o SpoutOptions) check() error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("jetstream spout: "+format, a...))
		}
	}
	refuse(!isName(o.Stream), "the option Stream is %q; it must be the name of a stream, without spaces and any of . * > / \\", o.Stream)
	refuse(!isName(o.Consumer), "the option Consumer is %q; it must be a name without spaces and any of . * > / \\", o.Consumer)
	refuse(o.Expire != 0 && o.Expire < time.Second, "the option Expire is %v; it must be at least 1s, or 0", o.Expire)
	refuse(o.AckWait != 0 && o.AckWait < time.Second, "the option AckWait is %v; it must be at least 1s, or 0", o.AckWait)
	refuse(o.MaxAckPending < 0, "the option MaxAckPending is %d; it must not be negative", o.MaxAckPending)
	refuse(o.Prefetch < 1 || o.Prefetch > maxPrefetch, "the option Prefetch is %d; it must be from 1 to %d", o.Prefetch, maxPrefetch)
	refuse(o.Backoff < 0 || o.MaxBackoff < o.Backoff, "the options Backoff and MaxBackoff are %v and %v; they must not be negative, and the second not below the first", o.Backoff, o.MaxBackoff)
	return errors.Join(errs...)
}

func isName(s string) bool { return s != "" && !strings.ContainsAny(s, ">*. /\\\t\r\n") }

// delay is how long a message waits that failed when it was delivered for the given time, from 1.
func (o SpoutOptions) delay(delivered uint64) time.Duration {
	d := o.Backoff
	for ; delivered > 1 && d < o.MaxBackoff; delivered-- {
		d *= 2
	}
	return min(d, o.MaxBackoff)
}
