package source

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// emitted is a line as it arrives at the runtime.
type emitted struct {
	text, file string
	at         int64
	id         any
}

// rig is the runtime of one spout task: its port and its services.
type rig struct {
	t     testing.TB
	spout topology.Spout
	tc    *topology.Context
	out   *topology.SpoutCollector
	lines []emitted
	hook  func(id any) // called in each emit
	woken chan struct{}
	mu    struct {
		sync.Mutex
		reports  []error
		counters map[string]*topology.Counter
	}
}

func newRig(t testing.TB, spout topology.Spout, index, parallelism int) *rig {
	r := &rig{t: t, spout: spout, woken: make(chan struct{}, 1)}
	r.mu.counters = map[string]*topology.Counter{}
	stream := &topology.Stream{Component: "lines", Name: topology.DefaultStream, Fields: LineFields}
	r.out = topology.NewSpoutCollector(r, []*topology.Stream{stream})
	r.tc = topology.NewContext(topology.Context{Component: "lines", Index: index, Parallelism: parallelism, Log: zap.NewNop()}, nil, r)
	return r
}

func (r *rig) Emit(e *topology.Emission) {
	require.NoError(r.t, e.Err)
	require.True(r.t, e.Tracked)
	require.Len(r.t, e.Values, len(LineFields))
	text, _ := e.Values[0].AsString()
	file, _ := e.Values[1].AsString()
	at, _ := e.Values[2].AsInt()
	r.lines = append(r.lines, emitted{text, file, at, e.ID})
	if r.hook != nil {
		r.hook(e.ID)
	}
}

func (r *rig) Ack(*topology.Tuple)          {}
func (r *rig) Fail(*topology.Tuple, error)  {}
func (r *rig) ResetTimeout(*topology.Tuple) {}

func (r *rig) Report(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.reports = append(r.mu.reports, err)
}

func (r *rig) Now() time.Time                           { return time.Now() }
func (r *rig) Tasks(string) []topology.TaskID           { return nil }
func (r *rig) Gauge(string) *topology.Gauge             { return &topology.Gauge{} }
func (r *rig) Histogram(name string) topology.Histogram { panic("not used: " + name) }

func (r *rig) Wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

func (r *rig) Counter(name string) *topology.Counter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.counters[name] == nil {
		r.mu.counters[name] = &topology.Counter{}
	}
	return r.mu.counters[name]
}

func (r *rig) Tell(topology.TaskID, []byte) bool { return false }

func (r *rig) Serve(string, topology.Answer) error { return nil }

func (r *rig) Shared(_ string, open func() (any, error)) (any, error) { return open() }

func (r *rig) open() error {
	return r.spout.(topology.Opener).Open(r.t.Context(), r.tc)
}

// next calls Next once, and reports whether the source has ended.
func (r *rig) next() bool {
	before := len(r.lines)
	err := r.spout.Next(r.t.Context(), r.out)
	require.LessOrEqual(r.t, len(r.lines)-before, burst)
	if errors.Is(err, topology.ErrEnd) {
		return true
	}
	require.NoError(r.t, err)
	return false
}

// run calls Next until the source has ended or n lines were emitted, waiting to be
// woken whenever it emits nothing.
func (r *rig) run(n int) {
	for len(r.lines) < n {
		before := len(r.lines)
		if r.next() {
			return
		}
		if len(r.lines) == before {
			<-r.woken
		}
	}
}

func (r *rig) close() { require.NoError(r.t, r.spout.(topology.Closer).Close()) }

func (r *rig) fail(id any) { r.spout.(topology.Acknowledger).Fail(id, errors.New("refused")) }

func (r *rig) texts() []string {
	texts := []string{}
	for _, l := range r.lines {
		texts = append(texts, l.text)
	}
	return texts
}

func (r *rig) count(name string) int64 { return r.Counter(name).Value() }

func (r *rig) reports() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]error{}, r.mu.reports...)
}

// all is more lines than any test has.
const all = 1 << 40
