package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func detachFlag() cli.Flag {
	return &cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "don't wait until it is so"}
}

func timeoutFlag(d time.Duration) cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Usage: "how long to wait at most `DURATION`", Value: d}
}

// within runs f with a context that ends after the flag --timeout. what is what f waits for, look what shows why it does not come.
func (i *invocation) within(d time.Duration, what, look string, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(i.ctx, d)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, context.DeadlineExceeded) && i.ctx.Err() == nil {
		return cluster.Errorf(cluster.Timeout, "after %v, %s: it may still happen", d, what).WithHint("see what is the matter: %s; or give it more time with --timeout", look)
	}
	return err
}

// waitRunning waits until the generation runs, and tells on the way what is missing, and why.
func (i *invocation) waitRunning(c *client.Client, name string, generation int, timeout time.Duration) (d cluster.Description, err error) {
	w, t := i.waiting(), newTroubleTeller(generation)
	defer w.over()
	look := fmt.Sprintf("gale errors %s, gale workers %s, gale status", name, name)
	err = i.within(timeout, fmt.Sprintf("topology %q does not run", name), look, func(ctx context.Context) error {
		d, err = c.WaitRunning(ctx, name, generation, func(d cluster.Description) {
			t.tell(w, &d)
			w.tell("%s", missing(&d, generation))
		})
		return err
	})
	return d, t.explain(err)
}

// missing says what a topology is waiting for.
func missing(d *cluster.Description, generation int) string {
	if d.Generation == generation {
		return fmt.Sprintf("%s: %d of %d workers run%s", d.Name, d.Running, d.Summary.Workers, fetching(d))
	}
	if d.Generation > 0 {
		return fmt.Sprintf("%s: %s, generation %d gets ready%s", d.Name, d.State, generation, fetching(d))
	}
	return fmt.Sprintf("%s: %s%s", d.Name, d.State, fetching(d))
}

// fetching adds that programs are being fetched. A worker that is started again has its program.
func fetching(d *cluster.Description) string {
	for _, w := range d.Workers {
		if w.State == "fetching" && w.Restarts == 0 {
			return " (supervisors fetch the program)"
		}
	}
	return ""
}

// troubleTeller tells, each once, what keeps the workers of a generation from running.
type troubleTeller struct {
	generation int
	told       map[string]bool
	last       string
}

// maxTold bounds what is told; what comes after is in the error at the end, and `gale errors` has it.
const maxTold = 100

func newTroubleTeller(generation int) *troubleTeller {
	return &troubleTeller{generation: generation, told: map[string]bool{}}
}

func (t *troubleTeller) tell(w *waiting, d *cluster.Description) {
	if crash := client.LastCrash(d, t.generation); crash != nil {
		t.once(w, fmt.Sprintf("%s/%d", crash.Worker, crash.Life), fmt.Sprintf("worker %s %s", short(crash.Worker), client.Crashed(crash)))
	}
	for _, s := range d.Workers {
		if s.Generation == t.generation && s.Error != "" {
			text := fmt.Sprintf("worker %s on %s: %s", short(s.ID), s.Supervisor, s.Error)
			t.once(w, text, text)
		}
	}
}

func (t *troubleTeller) once(w *waiting, key, text string) {
	if t.told[key] || len(t.told) == maxTold {
		return
	}
	t.told[key], t.last = true, text
	w.note(text)
}

// explain adds to a timeout why it has come to that.
func (t *troubleTeller) explain(err error) error {
	e := new(cluster.Error)
	if !errors.As(err, &e) || e.Code != cluster.Timeout || t.last == "" {
		return err
	}
	c := *e
	c.Problems = append(slices.Clone(e.Problems), t.last)
	return &c
}

// tellGoingOn says, when the wait for a change was interrupted, that the change was not.
func (i *invocation) tellGoingOn(err error, format string, args ...any) error {
	if errors.Is(err, context.Canceled) && i.ctx.Err() != nil {
		fmt.Fprintf(i.err, format+"\n", args...)
	}
	return err
}
