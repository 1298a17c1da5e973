package trident

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/galestream/gale/topology"
)

// pusher is an operator inside a task: slices of records go through it.
type pusher[T any] interface {
	// push takes records of the current batch. xs is valid during the call, and must not be changed: others may be given it, too.
	push(xs []T) error
	// end says that the batch has no more.
	end() error
}

// pipeline is the operators of one task. It is made anew when a batch has failed: so no operator needs to forget.
type pipeline struct {
	task  *stageTask
	tc    *topology.Context
	batch *batch // the one that is being worked on
	out   *topology.Collector
	from  *topology.Tuple // what emits are anchored to
	ctx   context.Context // of the call that works on the batch
	ends  []func()
	ended bool // while inputs end a batch: they will have nothing in later ones either, since the sources have ended
}

// onClose has f called when the pipeline is given up.
func (p *pipeline) onClose(f func()) { p.ends = append(p.ends, f) }

func (p *pipeline) close() {
	for _, f := range p.ends {
		f()
	}
}

// batch is what operators may know of the batch they work on.
type batch struct {
	packet // of its first packet: attempt, txid, time
}

// head is where a pipeline takes in what other tasks have sent.
type head struct {
	inputs []func(data any) error // by the position of the edge among the node's
	finish func() error           // all inputs have ended
}

// inputOf makes the node's operator.
func inputOf[T any](p *pipeline, n *node) pusher[T] { return n.pipe(p).(pusher[T]) }

// outputOf makes all that a node of results U pushes into.
func outputOf[U any](p *pipeline, n *node) pusher[U] {
	var all tee[U]
	for _, d := range n.downs {
		all = append(all, inputOf[U](p, d))
	}
	for _, e := range n.outs {
		all = append(all, e.writer(p).(pusher[U]))
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// tee pushes into several.
type tee[T any] []pusher[T]

func (t tee[T]) push(xs []T) error {
	for _, p := range t {
		if err := p.push(xs); err != nil {
			return err
		}
	}
	return nil
}

func (t tee[T]) end() error {
	for _, p := range t {
		if err := p.end(); err != nil {
			return err
		}
	}
	return nil
}

// taking returns the input of a head that pushes into to.
func taking[T any](to pusher[T], e *edge) func(data any) error {
	return func(data any) error {
		if b, ok := data.(raw); ok {
			x, err := e.decode(b)
			if err != nil {
				return fmt.Errorf("records from %q to %q: %w", e.from.name, e.to.name, err)
			}
			data = x
		}
		xs, ok := data.([]T)
		if !ok {
			return fmt.Errorf("records from %q to %q: a chunk holds %T, not %T", e.from.name, e.to.name, data, xs)
		}
		return to.push(xs)
	}
}

// headOver is the head of a pipeline with inputs of one type.
func headOver[T any](n *node, to pusher[T]) head {
	h := head{finish: to.end}
	for _, e := range n.in {
		h.inputs = append(h.inputs, taking(to, e))
	}
	return h
}

// PanicError says that a function of the topology's author panicked. The batch fails, and is tried again.
type PanicError struct {
	Operator string // the operator that called the function
	Value    any    // what it panicked with
	Stack    string
}

// Error names the operator and the line that panicked. It is the same for the same panic, so that those of a batch which is tried again are one.
func (e *PanicError) Error() string {
	return fmt.Sprintf("operator %q: panic: %v, %s", e.Operator, e.Value, e.place())
}

// place is the line after that of the call of panic: "at FILE:LINE".
func (e *PanicError) place() string {
	_, after, _ := strings.Cut(e.Stack, "panic(")
	lines := strings.Split(after, "\n")
	for i := 1; i+2 < len(lines); i += 2 { // function and place take turns
		if !strings.HasPrefix(lines[i+1], "runtime.") {
			at, _, _ := strings.Cut(strings.TrimSpace(lines[i+2]), " +0x")
			return "at " + at
		}
	}
	return "at an unknown place"
}

// guard turns the panic of a function that an operator has called into an error.
func guard(operator string, err *error) {
	if p := recover(); p != nil {
		*err = &PanicError{operator, p, string(debug.Stack())}
	}
}
