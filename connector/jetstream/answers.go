package jetstream

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// What the server is told of a message.
var (
	ackWord      = []byte("+ACK")
	progressWord = []byte("+WPI")
)

func nakWord(delay time.Duration) []byte {
	if delay <= 0 {
		return []byte("-NAK")
	}
	return fmt.Appendf(nil, `-NAK {"delay": %d}`, delay.Nanoseconds())
}

// obsolete is how long an ack is repeated that the server does not confirm: its consumer may be another by now.
const obsolete = time.Minute

// ack says that the record's tree is complete. Called on the task's goroutine.
func (f *feed) ack(r *record) {
	if f.options.ConfirmAcks {
		f.requestAck(r.id, f.hold.keep(r, time.Now()))
		return
	}
	if f.session.nc.Publish(f.hold.remove(r).reply, ackWord) != nil {
		f.hold.keep(r, time.Now()) // the connection is away: inform sends it when it is back
	}
}

// requestAck acks so that the server confirms it. An error is not heeded: inform repeats what is not confirmed.
func (f *feed) requestAck(id identity, a answer) {
	reply := f.confirms + "." + strconv.FormatUint(id.sequence, 10) + "." + strconv.FormatInt(id.at, 10)
	_ = f.session.nc.PublishRequest(a.reply, reply, ackWord)
}

// confirmed takes the confirmation of an ack. A status in its place says that nobody has heard it.
func (f *feed) confirmed(m *nats.Msg) {
	sequence, at, _ := strings.Cut(m.Subject[len(f.confirms)+1:], ".")
	n, err := strconv.ParseUint(sequence, 10, 64)
	ns, err2 := strconv.ParseInt(at, 10, 64)
	if err == nil && err2 == nil && m.Header.Get("Status") == "" {
		f.hold.forget(identity{n, ns})
	}
}

// giveBack has the server deliver a message again, here or elsewhere, after the delay. When the word does not
// get there, the server does so after AckWait.
func (f *feed) giveBack(a answer, delay time.Duration) {
	_ = f.session.nc.Publish(a.reply, nakWord(delay))
}

// inform tells the server of all that is held and that it has not heard of for a quarter of AckWait; half of it
// at worst, by the tick.
//
// A message that is given back meanwhile may be reported as being worked on after that: it then comes again
// after AckWait instead of its delay.
func (f *feed) inform(now time.Time) {
	for _, d := range f.hold.silent(now.Add(-f.ackWait/4), now) {
		switch {
		case d.acked.IsZero():
			_ = f.session.nc.Publish(d.answer.reply, progressWord) // again in a quarter
		case now.Sub(d.acked) > obsolete:
			f.hold.forget(d.record.id)
			f.report(f.options.explain(fmt.Errorf("the ack of message %d was not confirmed within %v; it may come again", d.record.id.sequence, obsolete)))
		case f.options.ConfirmAcks:
			f.requestAck(d.record.id, d.answer)
		case f.session.nc.Publish(d.answer.reply, ackWord) == nil:
			f.hold.forget(d.record.id)
		}
	}
}
