package nimbus

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Issuer makes the credentials of workers.
type Issuer interface {
	// WorkerCredentials returns the text of a NATS credentials file that lets the worker do what workers of its topology
	// must, and no more. It is called by one goroutine, which waits for it.
	WorkerCredentials(topology, topologyID, worker string) (string, error)
	// StateCredentials returns those by which the worker keeps its topology's state; empty if it can make none.
	StateCredentials(topology, worker string) (string, error)
	// DropCredentials returns those by which dropper, an id, deletes a topology's state; empty if it can make none.
	DropCredentials(topology, dropper string) (string, error)
	// ReadCredentials returns those by which reader, an id, reads a topology's state for a while, or without a topology lists those that have some; empty if it can make none.
	ReadCredentials(topology, reader string) (string, error)
}

// Options say who a Nimbus is and how patient. What is zero takes its default.
type Options struct {
	ID       string         // who it is, as a supervisor's id; required
	Access   cluster.Access // to NATS, with the rights of a daemon
	Replicas int            // how many NATS servers keep each record, 1 to 5; 0 is 1
	Issuer   Issuer         // nil: workers get no credentials
	Log      *zap.Logger    // nil: nothing is logged
	Version  string         // of Gale, for people; empty is "unknown"

	SupervisorTimeout time.Duration // without a beat, after which a supervisor is lost; 0 is 5 s
	StartTimeout      time.Duration // in which the workers of a swap must be ready, and then again in which they must run, but for the time in which they are heard to get on; 0 is 30 s
	OpenTimeout       time.Duration // the same while they are heard to get on: their supervisors fetch the program, or they open their tasks; 0 is 10 min. Less than StartTimeout makes that less, too
	SwapDrain         time.Duration // that a swap drains the old workers at most; 0 is 10 s
	GoneTimeout       time.Duration // that a kill waits for the processes to be gone; 0 is 10 s
	CollectAfter      time.Duration // the age at which programs that no topology uses are removed; 0 is 10 min
}

func (o *Options) ensureDefaults() {
	o.Replicas = max(o.Replicas, 1)
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Version == "" {
		o.Version = "unknown"
	}
	for d, value := range map[*time.Duration]time.Duration{
		&o.SupervisorTimeout: 5 * time.Second, &o.StartTimeout: 30 * time.Second, &o.OpenTimeout: 10 * time.Minute, &o.SwapDrain: 10 * time.Second,
		&o.GoneTimeout: 10 * time.Second, &o.CollectAfter: 10 * time.Minute,
	} {
		if *d <= 0 {
			*d = value
		}
	}
}

// Nimbus is one of the daemons of which one leads the cluster. Make it with [New].
type Nimbus struct {
	o       Options
	host    string
	connect []nats.Option // beyond those of cluster.Connect, for tests
	epoch   atomic.Uint64 // that it leads; 0: it does not
	led     chan struct{}
	ledOnce sync.Once
}

// New returns a Nimbus, which does nothing until [Nimbus.Run]. The error is a [*cluster.Error] that says which option is wrong.
func New(o Options) (*Nimbus, error) {
	if err := cluster.CheckSupervisorID(o.ID); err != nil {
		return nil, cluster.Errorf(cluster.Invalid, "the id of the Nimbus: %v", err)
	}
	if o.Replicas < 0 || o.Replicas > 5 {
		return nil, cluster.Errorf(cluster.Invalid, "replicas is %d, must be in 1..5", o.Replicas)
	}
	o.ensureDefaults()
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Nimbus{o: o, host: host, led: make(chan struct{})}, nil
}

// Leading reports whether it leads. It may be called at any time from any goroutine; the answer may be old by the time it is read.
func (n *Nimbus) Leading() bool { return n.epoch.Load() != 0 }

// Led returns a channel that is closed once it leads and answers requests for the first time.
func (n *Nimbus) Led() <-chan struct{} { return n.led }

// Run campaigns, leads, steps down and campaigns again until ctx is done, and then returns nil, with the lease given back. It
// returns an error when NATS can't be reached at first, or the buckets can't be made. It is called once.
func (n *Nimbus) Run(ctx context.Context) error {
	nc, err := cluster.Connect(n.o.Access, "gale-nimbus-"+n.o.ID, n.o.Log, n.connect...)
	if err != nil {
		return err
	}
	defer nc.Close()
	b, err := patiently(ctx, n.o.Log, func() (*base, error) { return n.open(ctx, nc) })
	if err != nil {
		return fmt.Errorf("opening the cluster's store: %w", err)
	}
	relay, err := cluster.ServeAssignments(nc, b.store, n.o.Log)
	if err != nil {
		return err
	}
	defer relay.Unsubscribe() //nolint:errcheck // it fails only when the connection is closed, and the subscription with it
	for {
		if err := n.serve(ctx, b); err != nil && ctx.Err() == nil {
			n.o.Log.Warn("does not lead any more", zap.Error(err))
		}
		if pause(ctx, campaignPause) != nil { // others may lead now
			return nil
		}
	}
}

// base is what all leaderships of a Nimbus stand on.
type base struct {
	nc       *nats.Conn
	store    *cluster.Store
	lease    jetstream.KeyValue
	programs jetstream.ObjectStore
	js       jetstream.JetStream
}

func (n *Nimbus) open(ctx context.Context, nc *nats.Conn) (*base, error) {
	store, err := cluster.CreateStore(ctx, nc, n.o.Replicas)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	lease, err := js.KeyValue(ctx, cluster.LeaseBucket)
	if err != nil {
		return nil, fmt.Errorf("opening the bucket %q: %w", cluster.LeaseBucket, err)
	}
	programs, err := js.ObjectStore(ctx, cluster.ProgramBucket)
	if err != nil {
		return nil, fmt.Errorf("opening the object store %q: %w", cluster.ProgramBucket, err)
	}
	return &base{nc, store, lease, programs, js}, nil
}

// serve is one leadership, from the campaign to its end. The error says why it has ended.
func (n *Nimbus) serve(ctx context.Context, b *base) error {
	held, err := campaign(ctx, b.lease, n.o.ID)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	keeper := make(chan struct{})
	go func() {
		defer close(keeper)
		held.keep(ctx, end)
	}()
	err = n.lead(ctx, b)
	end(err)
	<-keeper
	held.release()
	return err
}

func (n *Nimbus) lead(ctx context.Context, b *base) error {
	l, err := newLeader(ctx, n, b)
	if err != nil {
		return err
	}
	if err := l.listen(); err != nil {
		return l.close(err)
	}
	epoch := l.writer.Epoch()
	n.epoch.Store(epoch)
	context.AfterFunc(l.ctx, func() { n.epoch.CompareAndSwap(epoch, 0) }) // the loop may hang in a write
	n.ledOnce.Do(func() { close(n.led) })
	n.o.Log.Info("leads", zap.Uint64("epoch", epoch))
	return l.close(l.loop())
}
