package worker

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/galestream/gale/topology"
	"go.uber.org/zap"
)

// ReportedError is an error that a component reported or caused.
type ReportedError struct {
	At        time.Time       `json:"at"`        // when it was reported; with a Stepper, in simulated time
	Component string          `json:"component"` // the component's id
	Task      topology.TaskID `json:"task"`      // the task that reported it
	Text      string          `json:"text"`      // the error's text, of which 4 KiB are kept
	Stack     string          `json:"stack"`     // of a panic, of which 16 KiB are kept; else empty
}

// Bounds of error reports, as Storm has them: so many are logged in so long a time and
// component; so many are kept.
const (
	logInterval    = 10 * time.Second
	logPerInterval = 5
	keptErrors     = 10
	maxErrorText   = 4 << 10
)

// errorBook logs and keeps the errors of components.
type errorBook struct {
	mu struct {
		sync.Mutex
		of map[string]*errorPage // bounded by the components
	}
}

// errorPage has the errors of one component.
type errorPage struct {
	total      int64
	last       []ReportedError // oldest first
	since      time.Time       // when the interval began
	logged     int             // in the interval
	suppressed int64           // not logged since the last that was
}

func (b *errorBook) add(t *task, err error) {
	e := ReportedError{At: t.w.driver.wall(), Component: t.comp.ID, Task: t.id, Text: cutText(err.Error())}
	var p *PanicError
	if errors.As(err, &p) {
		e.Stack = p.Stack
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mu.of == nil {
		b.mu.of = map[string]*errorPage{}
	}
	page := b.mu.of[e.Component]
	if page == nil {
		page = &errorPage{}
		b.mu.of[e.Component] = page
	}
	page.add(e, t.log)
}

func (p *errorPage) add(e ReportedError, log *zap.Logger) {
	p.total++
	if len(p.last) == keptErrors {
		copy(p.last, p.last[1:])
		p.last = p.last[:keptErrors-1]
	}
	p.last = append(p.last, e)
	if e.At.Sub(p.since) >= logInterval {
		p.since, p.logged = e.At, 0
	}
	if p.logged == logPerInterval {
		p.suppressed++
		return
	}
	p.logged++
	fields := []zap.Field{zap.String("error", e.Text)}
	if p.suppressed > 0 {
		fields = append(fields, zap.Int64("not logged before this", p.suppressed))
	}
	if e.Stack != "" {
		fields = append(fields, zap.String("stack", e.Stack))
	}
	p.suppressed = 0
	log.Error("component error", fields...)
}

func cutText(s string) string {
	if len(s) <= maxErrorText {
		return s
	}
	return s[:maxErrorText] + "… (cut)"
}

// snapshot returns the errors that are kept, and how many there were of each component.
func (b *errorBook) snapshot() (last []ReportedError, totals map[string]int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	totals = map[string]int64{}
	for _, id := range slices.Sorted(maps.Keys(b.mu.of)) {
		p := b.mu.of[id]
		last = append(last, p.last...)
		totals[id] = p.total
	}
	return last, totals
}
