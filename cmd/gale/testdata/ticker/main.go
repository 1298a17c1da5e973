// Command ticker is the topology of the command's tests: a spout that counts, and a bolt that prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/galestream/gale"
	"github.com/galestream/gale/topology"
)

func main() {
	flags := flag.NewFlagSet("ticker", flag.ExitOnError)
	end := flags.Int64("end", 0, "how many numbers to emit; 0: for ever")
	fail := flags.Int64("fail", 0, "the number at which the topology fails; 0: none")
	exit := flags.Int64("exit", 0, "the number at which the worker panics in a goroutine of its own; 0: none")
	closed := flags.Bool("closed", false, "can't be opened")
	stall := flags.Bool("stall", false, "never complete a number")
	_ = flags.Parse(gale.Args()) // which exits by itself
	b := topology.NewBuilder("ticker")
	b.Spout("numbers", func() topology.Spout { return &numbers{end: *end, fail: *fail, exit: *exit, closed: *closed} }).Emits("n")
	bolt := show
	if *stall {
		bolt = wait
	}
	b.Bolt("print", topology.BoltFunc(bolt)).Shuffle("numbers")
	gale.Main(b)
}

// numbers emits one number a call, which the runtime spaces.
type numbers struct {
	n, end, fail, exit int64
	closed             bool
}

func (s *numbers) Open(context.Context, *topology.Context) error {
	if s.closed {
		return errors.New("the source is closed")
	}
	return nil
}

func (s *numbers) Next(_ context.Context, out *topology.SpoutCollector) error {
	if s.end > 0 && s.n == s.end {
		return topology.ErrEnd
	}
	s.n++
	switch s.n {
	case s.fail:
		return topology.Fatal(errors.New("the source is broken"))
	case s.exit:
		go panic("the process is broken")
	}
	if s.n%10 == 0 || s.end > 0 {
		out.EmitID(s.n, s.n)
	}
	return nil
}

func show(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	_, err := fmt.Fprintf(os.Stdout, "number %d\n", t.Int("n"))
	return err
}

// wait holds its tuple until the worker is stopped without being drained.
func wait(ctx context.Context, _ *topology.Tuple, _ *topology.Collector) error {
	<-ctx.Done()
	return ctx.Err()
}
