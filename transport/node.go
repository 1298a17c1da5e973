package transport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Node is a worker's end of its links to all other workers of its topology. Its methods may be called from any goroutine,
// SetPeers and Close not from the Handler's methods.
type Node struct {
	nc      *nats.Conn
	options Options
	log     *zap.Logger
	maxSlab int
	// peers is read for each frame, and replaced under mu.
	peers   atomic.Pointer[map[string]*Peer]
	refused atomic.Int64 // frames of those who are no peers

	subscriptions [lanes]*nats.Subscription
	receivers     sync.WaitGroup // the goroutines of the subscriptions
	writers       sync.WaitGroup // one of each peer
	keeper        *keeper

	mu struct {
		sync.Mutex
		closed bool
		made   uint64 // links, ever
	}
}

// controlSuffix of a link's subject is its control lane's.
const controlSuffix = ".c"

const (
	// What NATS keeps for a goroutine that is slow, in bytes and for all peers together. Credits keep it far below; what
	// is above is dropped and sent again.
	pendingBytes = 256 << 20
	minPayload   = 4 << 10
	closeWait    = time.Second
	logEvery     = 10 * time.Second // a line of the same words
)

// Open subscribes to what other workers send to this one. nc must be connected, and should neither give up reconnecting nor keep what
// is published meanwhile (nats.ReconnectBufSize(-1)). The caller closes nc, after the node. An error says which options
// are wrong, or that NATS refuses the subscription. A life of a worker opens one node.
func Open(nc *nats.Conn, o Options) (*Node, error) {
	o.ensureDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	payload := int(nc.MaxPayload())
	if payload < minPayload {
		return nil, fmt.Errorf("transport: NATS takes messages of at most %d bytes (0: it is not connected), links need %d", payload, minPayload)
	}
	n := &Node{nc: nc, options: o, maxSlab: payload - headerSize - slabHead}
	n.options.MaxFrame = min(o.MaxFrame, payload-headerSize)
	n.log = o.Log.With(zap.String("topology", o.Topology), zap.String("worker", o.Worker)).WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, logEvery, 1, 0)
	}))
	n.peers.Store(&map[string]*Peer{})
	if err := n.subscribe(); err != nil {
		return nil, err
	}
	n.keeper = keep(n)
	return n, nil
}

func (n *Node) subscribe() error {
	subject := n.options.Subject(n.options.Worker, "*")
	for l, s := range [lanes]string{subject, subject + controlSuffix} {
		if err := n.subscribeLane(lane(l), s); err != nil {
			n.unsubscribe()
			return fmt.Errorf("transport: subscribing to %s: %w", s, err)
		}
	}
	return nil
}

func (n *Node) subscribeLane(l lane, subject string) error {
	s, err := n.nc.Subscribe(subject, func(m *nats.Msg) { n.receive(l, m) })
	if err != nil {
		return err
	}
	n.receivers.Add(1)
	s.SetClosedHandler(func(string) { n.receivers.Done() })
	n.subscriptions[l] = s
	return s.SetPendingLimits(-1, pendingBytes)
}

// unsubscribe returns when the Handler is not called any more.
func (n *Node) unsubscribe() {
	for _, s := range n.subscriptions {
		if s != nil {
			_ = s.Unsubscribe() // it fails when nc is closed, which ends subscriptions too
		}
	}
	n.receivers.Wait()
}

func (n *Node) receive(l lane, m *nats.Msg) {
	p := n.Peer(sender(l, m.Subject))
	if p == nil {
		n.refused.Add(1)
		return
	}
	p.receive(l, m.Data)
}

// sender returns who a subject says it is from. NATS lets a worker publish on no other's, where it has credentials.
func sender(l lane, subject string) string {
	if l == control {
		subject = strings.TrimSuffix(subject, controlSuffix)
	}
	return subject[strings.LastIndexByte(subject, '.')+1:]
}

// SetPeers says who may talk to us and we to them. Others are removed: the Handler's Reset is called for those of whom a life
// was known, and their frames are refused from now on. ids that are peers already are left as they are; the own id is passed over. One
// that was removed and is added again is another Peer; both ends begin anew, as if with a new life. The caller must not hold a lock
// that the Handler takes.
func (n *Node) SetPeers(ids []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.closed {
		return
	}
	former, peers := *n.peers.Load(), map[string]*Peer{}
	for _, id := range ids {
		if id != n.options.Worker && peers[id] == nil {
			peers[id] = n.keepOrAddLocked(former, id)
		}
	}
	n.peers.Store(&peers)
	for id, p := range former {
		if !slices.Contains(ids, id) {
			p.remove()
		}
	}
}

func (n *Node) keepOrAddLocked(former map[string]*Peer, id string) *Peer {
	if p := former[id]; p != nil {
		return p
	}
	n.mu.made++
	p := newPeer(n, id, n.mu.made)
	n.writers.Go(p.write)
	return p
}

// Peer returns the peer of the id, nil when there is none.
func (n *Node) Peer(id string) *Peer { return (*n.peers.Load())[id] }

// MaxSlab returns how many bytes a slab or a control record may have at most.
func (n *Node) MaxSlab() int { return n.maxSlab }

func (n *Node) checkSize(b []byte) {
	if len(b) > n.maxSlab {
		panic(fmt.Sprintf("transport: %d bytes are too many for a slab or a record; MaxSlab is %d", len(b), n.maxSlab))
	}
}

// Refused returns how many frames came from those who are no peers.
func (n *Node) Refused() int64 { return n.refused.Load() }

// Reconnected has every link find out at once what was lost. The node calls it itself when its NATS connection is back.
func (n *Node) Reconnected() { n.each((*session).reconnected) }

func (n *Node) each(change func(*session)) {
	for _, p := range *n.peers.Load() {
		p.update(change)
	}
}

var errStuck = errors.New("transport: NATS takes nothing; the last goroutines end with the connection")

// Close sends what waits, as far as it can in a second or two, and ends the node's goroutines. No call of the Handler comes after it, also
// none of Reset. Peers then take nothing more. A second Close does nothing.
func (n *Node) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.closed {
		return nil
	}
	n.mu.closed = true
	n.keeper.stop()
	for _, p := range *n.peers.Load() {
		p.stop()
	}
	err := n.awaitWriters()
	if err == nil && n.nc.IsConnected() {
		_ = n.nc.FlushTimeout(closeWait) // what is lost now, nobody will send again
	}
	n.unsubscribe()
	for _, p := range *n.peers.Load() {
		p.leave()
	}
	return err
}

func (n *Node) awaitWriters() error {
	ended := make(chan struct{})
	go func() {
		n.writers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-time.After(closeWait):
		return errStuck
	}
}
