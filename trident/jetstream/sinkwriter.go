package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// sinkWriter writes for one partition. All but lost and denied belongs to the goroutine that calls it.
type sinkWriter[T any] struct {
	options SinkOptions[T]
	subject string // of the marker
	nc      *nats.Conn
	js      jetstream.JetStream
	inbox   string
	answers chan *nats.Msg
	lost    chan struct{} // has something when the connection has broken
	denied  chan error    // has something when the server has denied something
	config  *jetstream.StreamConfig

	// The last marker that was seen, and its sequence. When they are not sure, somebody may have written since.
	last     marker
	sequence uint64
	sure     bool
}

// open does what of opening has not been done.
func (w *sinkWriter[T]) open(ctx context.Context, id trident.SinkID) error {
	if w.nc == nil {
		if err := w.connect(id); err != nil {
			return err
		}
	}
	return w.look(ctx)
}

func (w *sinkWriter[T]) connect(id trident.SinkID) (err error) {
	w.lost, w.denied = make(chan struct{}, 1), make(chan error, 1)
	name := fmt.Sprintf("gale %s, sink %s %d", id.Topology, id.Sink, id.Partition)
	if w.nc, err = dialSink(w.options.Access, name, w.broken, onDenied(w.refused)); err != nil {
		return err
	}
	if w.js, err = jetstream.New(w.nc); err != nil {
		return err
	}
	w.inbox, w.answers = w.nc.NewInbox(), make(chan *nats.Msg, 16)
	_, err = w.nc.ChanSubscribe(w.inbox+".*", w.answers)
	return err
}

func (w *sinkWriter[T]) broken() {
	select {
	case w.lost <- struct{}{}:
	default:
	}
}

func (w *sinkWriter[T]) refused(err error) {
	select {
	case w.denied <- err:
	default:
	}
}

// patiently is the function of that name, but for what the server has denied: the same would be denied again.
func (w *sinkWriter[T]) patiently(ctx context.Context, f func(context.Context) error) error {
	return patiently(ctx, w.options.Patience, func(ctx context.Context) error {
		err := f(ctx)
		if err == nil {
			return nil
		}
		select {
		case denied := <-w.denied:
			return fmt.Errorf("%w (%w)", ErrDenied, denied)
		default:
			return err
		}
	})
}

// look finds out whether the stream is there and fit.
func (w *sinkWriter[T]) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	s, err := w.js.Stream(ctx, w.options.Stream)
	if err != nil {
		return fmt.Errorf("stream %q: %w", w.options.Stream, err)
	}
	config := s.CachedInfo().Config
	if err := unfit(config, sinkNeeds{w.options.Subject, w.options.MarkerSubject, w.options.AllowLimits}); err != nil {
		return topology.Fatal(err)
	}
	w.config = &config
	return nil
}

// Applied implements [trident.Writer]. It asks the stream's leader.
func (w *sinkWriter[T]) Applied(ctx context.Context) (txid uint64, err error) {
	w.sure = false
	if err := w.patiently(ctx, w.refresh); err != nil {
		return 0, fmt.Errorf("read the marker of stream %q: %w", w.options.Stream, err)
	}
	return w.last.applied(), nil
}

// Apply implements [trident.Writer]. A batch without records leaves no trace.
func (w *sinkWriter[T]) Apply(ctx context.Context, txid uint64, records []T) error {
	if len(records) == 0 {
		return nil
	}
	err := w.patiently(ctx, func(ctx context.Context) error { return w.apply(ctx, txid, records) })
	if err != nil {
		return fmt.Errorf("write txid %d to stream %q: %w", txid, w.options.Stream, err)
	}
	return nil
}

// apply writes what the stream does not have of the batch. After any error the next try looks at the marker first.
func (w *sinkWriter[T]) apply(ctx context.Context, txid uint64, records []T) error {
	if err := w.refresh(ctx); err != nil {
		return err
	}
	for {
		from, err := w.last.from(txid, len(records))
		if err != nil || from == len(records) {
			w.sure = w.sure && err == nil
			return err
		}
		p, err := w.part(ctx, txid, records, from)
		if err != nil {
			return err
		}
		w.sure = false
		if w.sequence, err = w.publish(ctx, p.messages, w.sequence); err != nil {
			return w.afterwards(ctx, err)
		}
		w.last, w.sure = p.marker, true
	}
}

// afterwards looks at the stream again when a message got lost: it may take a subject no more, and then the next try says so.
func (w *sinkWriter[T]) afterwards(ctx context.Context, err error) error {
	if errors.Is(err, ErrIncomplete) || errors.Is(err, nats.ErrNoResponders) {
		err = errors.Join(err, w.look(ctx))
	}
	return err
}

// refresh reads the marker, unless it is known for sure.
func (w *sinkWriter[T]) refresh(ctx context.Context) error {
	if w.sure {
		return nil
	}
	m, sequence, err := w.read(ctx)
	if err != nil {
		return err
	}
	if sequence < w.sequence {
		if !w.options.AllowLimits {
			return fmt.Errorf("%w (txid %d, sequence %d; now sequence %d)", ErrMarkerLost, w.last.TxID, w.sequence, sequence)
		}
		m = w.last // dropped by the stream's limits; this writer still knows
	}
	w.last, w.sequence, w.sure = m, sequence, true
	return nil
}

// HowToForget implements [trident.Forgetting].
func (w *sinkWriter[T]) HowToForget() string {
	all := w.subject[:strings.LastIndexByte(w.subject, '.')] + ".*"
	return fmt.Sprintf("delete its markers from the stream with `nats stream purge %s --subject='%s' --force`", w.options.Stream, all)
}

// Close implements [trident.Writer].
func (w *sinkWriter[T]) Close() error {
	if w.nc != nil {
		w.nc.Close()
	}
	return nil
}
