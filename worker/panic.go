package worker

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/galestream/gale/topology"
)

// PanicError is a panic of a component's code, as it is reported and as the cause of the
// failure of the tuple that it happened with.
type PanicError struct {
	Task  string // "component[index]"
	Value any    // what it panicked with
	Stack string // of the code that panicked
}

// Error gives the value and the place; the whole stack is in Stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("%s: panic: %v%s", e.Task, e.Value, e.place())
}

// place returns the first frame below the panic.
func (e *PanicError) place() string {
	lines := strings.Split(e.Stack, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+3 < len(lines) {
			return " at " + strings.TrimSpace(lines[i+3])
		}
	}
	return ""
}

// maxStack bounds what is kept of a stack.
const maxStack = 16 << 10

func newPanicError(task string, p any) *PanicError {
	stack := debug.Stack()
	return &PanicError{Task: task, Value: p, Stack: string(stack[:min(len(stack), maxStack)])}
}

// recovered deals with a panic of the bolt: a wrong field fails the tuple alone, anything else
// replaces the instance too.
func (t *boltTask) recovered(ctx context.Context, tuple *topology.Tuple, p any) {
	field, wrong := p.(*topology.FieldError)
	var err error = field
	if !wrong {
		err = newPanicError(t.name(), p)
	}
	if tuple == nil || !wrong && t.retry != nil { // else failTuple reports it
		t.report(err)
	}
	t.figures.errors++
	t.emitErr = nil
	t.resetCollector()
	if tuple != nil {
		t.failTuple(tuple, err)
	}
	if !wrong {
		t.restart(ctx, err)
	}
}

// resetCollector gives the bolt a collector in which no emit is under way.
func (t *boltTask) resetCollector() {
	*t.out = *topology.NewCollector(boltPort{t}, t.comp.Streams)
}

// restart replaces the instance, after a pause that grows while nothing but panics happens.
func (t *boltTask) restart(ctx context.Context, cause error) {
	t.figures.restarted++
	t.failHeld(cause)
	if t.figures.acked != t.lastAcked {
		t.panics, t.lastAcked = 0, t.figures.acked
	}
	t.settleAcks() // what the old instance has done must not wait for the new one
	t.flushWords()
	t.flush()
	t.publish()
	if err := t.startAgain(ctx); err != nil {
		t.instance, t.handle = endedBolt{err}, nil
	}
}

// endedBolt stands for a bolt that could not be started again, until the topology has ended.
type endedBolt struct{ err error }

// Execute fails every tuple.
func (b endedBolt) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return b.err }
