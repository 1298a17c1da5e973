package topology

import "context"

// MaxMail is how many bytes a mail may have.
const MaxMail = 256 << 10

// Tell sends mail to a task of the topology, which may be the sender's own: a small message beside the streams, which is of no tree
// and which data never delays. It is for the components of one protocol, such as a coordinator and those it directs, which
// receive it as a [SpoutReceiver] or [BoltReceiver]. The bytes are copied. It never blocks; false says that there is
// no such task, or that the mail is longer than [MaxMail]. It may be called from any goroutine.
//
// True is no promise that it comes: it is dropped when the receiver's worker or the sender's is lost or ends, when 16384 mails or 64 MiB
// wait for the receiver already (which is counted and reported), and when the receiver has no Receive. It never comes
// twice, and what one task sends to another comes in the order of the calls. When a receiver is replaced after a panic, the mail that it
// panicked with is gone, and what waits goes to the new one.
//
// Mail that waits or is under way is work: a topology that is drained waits for it. [Finisher.Finish] is not called once more because of
// mail that came after it.
func (c *Context) Tell(to TaskID, mail []byte) bool { return c.services.Tell(to, mail) }

// SpoutReceiver is a spout that receives mail. Receive is called on the task's goroutine between two Next, and while an
// EmitID within Next waits for room, as Ack is; it must not emit. It ends the pause of an idle spout: Next is called after
// it, unless the topology is paused or Next has returned ErrEnd. mail is the receiver's to keep. A panic is treated as one of Ack.
type SpoutReceiver interface {
	Receive(from TaskID, mail []byte)
}

// BoltReceiver is a bolt that receives mail. Receive is called on the task's goroutine between two tuples. A bolt with
// manual acking may settle tuples that it holds. What it emits is unanchored unless it says otherwise. mail is the receiver's to
// keep. An error is reported, and when it is [Fatal] ends the topology; a panic is treated as one of Tick.
type BoltReceiver interface {
	Receive(ctx context.Context, from TaskID, mail []byte, out *Collector) error
}

// Answer answers a question that came from outside the topology. ctx is done when nobody waits for the answer any more, or
// the task has ended. Both request and answer have at most [MaxQuestion] bytes; the request is the function's to keep.
type Answer func(ctx context.Context, request []byte) ([]byte, error)

// MaxQuestion is how many bytes a question from outside may have, and its answer.
const MaxQuestion = 512 << 10

// Serve has f answer the questions from outside that are asked of this task under the name of the endpoint, until the task's instance
// ends: its Close or Cleanup, before which the ctx of each f that runs is done, or its replacement after a panic. Calling it again replaces f. f is called
// on goroutines of the runtime, several at a time, so it must be safe for that; a panic of it is an error for who asked. The name is as
// those of components ([CheckName]); a task may have 64.
func (c *Context) Serve(endpoint string, f Answer) error { return c.services.Serve(endpoint, f) }
