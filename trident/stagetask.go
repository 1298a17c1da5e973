package trident

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/state"
)

// stageTask is the bolt that runs operators: all of one place.
type stageTask struct {
	g      *graph
	place  *place
	tc     *topology.Context
	out    *topology.Collector
	log    changelog.Log
	lanes  map[uint16]*lane
	states []*statePart
	sinks  []sinkPart
	leader topology.TaskID // the coordinator

	stagings map[uint64]*staging
	storing  map[uint64]*state.Snapshot
	statics  map[*stateSpec]any // what tables have that nothing changes
	asked    struct {
		sync.Mutex
		questions []question
	}
	wanted    atomic.Bool // the source has something to read, and no batch has begun since it said so
	wakeAt    int64       // when a window wants a batch, as it was told last; 0: it doesn't
	unheard   []*held     // announcements of what the sinks get when the next attempt begins
	gap       int         // ticks for which some have waited there
	told      uint64      // the base that the coordinator was told last
	lastStage uint64
	over      context.Context // ends what is under way in the background
	end       context.CancelFunc
	owned     sync.WaitGroup
}

func newStageTask(g *graph, p *place) *stageTask {
	// Mail to oneself goes to the instance that replaces one which has panicked: their tokens must not be the same.
	return &stageTask{
		g: g, place: p, lanes: map[uint16]*lane{}, stagings: map[uint64]*staging{}, storing: map[uint64]*state.Snapshot{}, statics: map[*stateSpec]any{},
		lastStage: rand.Uint64(),
	}
}

// Prepare opens the task's part of the states: nothing that older tasks write can land behind its back.
func (t *stageTask) Prepare(ctx context.Context, tc *topology.Context) (err error) {
	t.tc = tc
	t.over, t.end = context.WithCancel(context.Background())
	for _, n := range t.place.heads {
		if n.state != nil && n.state.load != nil && n.state.node == n {
			if t.statics[n.state], err = n.state.load(ctx, tc.Index, t.tasks()); err != nil {
				return fmt.Errorf("table %q: %w", n.name, err)
			}
			continue
		}
		id := uint16(n.group.id)
		if t.lanes[id] == nil {
			t.lanes[id] = &lane{t: t, group: n.group, waiting: map[uint64][]*held{}}
		}
		t.lanes[id].nodes = append(t.lanes[id].nodes, n)
	}
	if leaders := tc.Tasks(Coordinator); len(leaders) > 0 {
		t.leader = leaders[0]
	}
	if t.place.durable {
		err = t.openStates(ctx)
	}
	if err = errors.Join(err, t.serve()); err == nil {
		t.opened()
	}
	return err
}

// opened tells the leaders of all groups that have something here: what a task before this one held of a batch is gone.
func (t *stageTask) opened() {
	if t.lanes[0] != nil {
		t.tell(mail{Kind: mailOpened})
	}
	for _, l := range t.lanes {
		if l.group.query == "" {
			continue
		}
		for _, leader := range t.tc.Tasks(l.group.leader) {
			t.tc.Tell(leader, mail{Kind: mailOpened}.encode())
		}
	}
}

// Execute implements [topology.Bolt]. It returns no error: what fails is failed where it is known which tuple that is.
func (t *stageTask) Execute(ctx context.Context, tuple *topology.Tuple, out *topology.Collector) error {
	t.out = out
	p := topology.Object[*packet](tuple, packetField)
	return t.orCleanup(func() error { return t.take(ctx, p, tuple) })
}

func (t *stageTask) take(ctx context.Context, p *packet, tuple *topology.Tuple) error {
	l := t.lanes[p.group]
	switch {
	case l == nil:
		return fmt.Errorf("a packet is of group %d, which has nothing here: workers run different programs", p.group)
	case p.kind == packetAnnounce:
		return t.announced(ctx, &held{p, tuple})
	default:
		l.take(ctx, &held{p, tuple})
	}
	return nil
}

func (t *stageTask) ack(tuple *topology.Tuple) { t.out.Ack(tuple) }

func (t *stageTask) failTuple(tuple *topology.Tuple, err error) { t.out.Fail(tuple, err) }

func (t *stageTask) report(err error) { t.tc.Report(err) }

// Receive takes word of what has been staged in the background.
func (t *stageTask) Receive(_ context.Context, _ topology.TaskID, m []byte, out *topology.Collector) error {
	t.out = out
	mail, err := decodeMail(m)
	if err != nil {
		return err
	}
	return t.orCleanup(func() error {
		t.hear(mail)
		return nil
	})
}

func (t *stageTask) hear(mail mail) {
	switch mail.Kind {
	case mailStored:
		t.stored(mail)
	case mailAsked:
		t.doAsked()
	case mailStaged:
		t.settled(mail.Token)
	}
}

// saidAgain is how often a wish for a batch is said again until one comes: mail may be lost on its way.
const saidAgain = time.Second

// ready tells the coordinator that there is something to read. Any goroutine.
func (t *stageTask) ready() {
	t.wanted.Store(true)
	t.tell(mail{Kind: mailReady})
}

// batchBegins is called before a source is read.
func (t *stageTask) batchBegins() { t.wanted.Store(false) }

// Tick implements [topology.Ticker].
func (t *stageTask) Tick(context.Context, time.Time, *topology.Collector) error {
	if t.wanted.Load() {
		t.tell(mail{Kind: mailReady})
	}
	if t.wakeAt > 0 {
		t.tell(mail{Kind: mailWake, At: t.wakeAt})
	}
	t.noteGap()
	return nil
}

// gapTicks is for how many ticks an announcement may wait for an attempt that brings the batches it is of. Sources may take seconds to open.
const gapTicks = 10

// noteGap says once more that this task has opened, when no attempt has come of it: the mail was lost, and nothing else would begin one while nothing is to be read.
func (t *stageTask) noteGap() {
	if len(t.unheard) == 0 {
		t.gap = 0
		return
	}
	if t.gap++; t.gap%gapTicks == 0 {
		t.tell(mail{Kind: mailOpened})
	}
}

// orCleanup cleans up when f panics: the runtime doesn't, then, and the next instance could not open what this one has open.
func (t *stageTask) orCleanup(f func() error) error {
	panicked := true
	defer func() {
		if panicked {
			_ = t.Cleanup() // the panic is what is reported
		}
	}()
	err := f()
	panicked = false
	return err
}

func (t *stageTask) settled(token uint64) {
	if s := t.stagings[token]; s != nil {
		delete(t.stagings, token)
		t.staged(s)
	}
}

// Cleanup ends the task.
func (t *stageTask) Cleanup() error {
	if t.end != nil {
		t.end()
	}
	t.owned.Wait()
	for _, l := range t.lanes {
		l.closePipe()
	}
	return t.closeStates()
}

// tasks is how many tasks the component has.
func (t *stageTask) tasks() int { return len(t.tc.Tasks(t.tc.Component)) }
