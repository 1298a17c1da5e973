package gale

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"github.com/galestream/gale/config"
	"github.com/galestream/gale/console"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"go.uber.org/zap/zapcore"
)

// show is a run with its figures on a terminal.
type show struct {
	screen *console.Console
	worker *worker.Worker
	above  io.Writer // for what goes to the same terminal
	stop   context.CancelFunc
	shown  sync.WaitGroup
}

// runHere runs the topology with its figures on stderr, and returns the exit code.
func runHere(topo *topology.Topology, cfg config.Config, plain bool, stderr io.Writer) int {
	screen := console.New(stderr, console.Options{Plain: plain})
	s := &show{screen: screen, above: screen.Above()}
	w, err := worker.New(topo, workerOptions(cfg, newLogger(cfg.Log, zapcore.AddSync(s.above))))
	if err != nil {
		return complain(stderr, ExitUsage, err)
	}
	s.worker = w
	release, err := screen.Capture(&os.Stdout)
	if err != nil {
		return complain(stderr, ExitFailed, err)
	}
	ctx, interrupted := s.catchInterrupts(cfg)
	s.begin()
	err = w.Run(ctx)
	s.end()
	release()
	if end := w.Snapshot(); err == nil || anythingDone(&end) {
		screen.Summary(end)
	}
	return exitCode(stderr, topo, err, interrupted())
}

// anythingDone tells a run that has failed from one that could not begin, whose error is all there is to say.
func anythingDone(s *worker.Snapshot) bool {
	return slices.ContainsFunc(s.Tasks, func(t worker.TaskSnapshot) bool { return t.Emitted+t.Executed+t.Errors > 0 })
}

func exitCode(stderr io.Writer, topo *topology.Topology, err error, interrupted bool) int {
	if err != nil {
		complain(stderr, ExitFailed, fmt.Errorf("topology %q: %w", topo.Name, err))
	}
	switch {
	case interrupted:
		return ExitInterrupted
	case err != nil:
		return ExitFailed
	}
	return ExitOK
}

func (s *show) begin() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.shown.Go(func() { s.screen.Run(ctx, s.worker.Snapshot) })
}

// end takes the table away.
func (s *show) end() {
	s.stop()
	s.shown.Wait()
}

// catchInterrupts returns a context that the first interrupt ends. The second ends the process. The
// signals stay caught until the process ends: Main is its last act.
func (s *show) catchInterrupts(cfg config.Config) (ctx context.Context, interrupted func() bool) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		fmt.Fprintf(s.above, "stopping: draining for at most %v; Ctrl-C once more ends it at once\n", cfg.Topology.StopTimeout)
		cancel()
		<-signals
		s.end()
		fmt.Fprintln(s.above, "ended at once, without draining")
		os.Exit(ExitInterrupted)
	}()
	return ctx, func() bool { return ctx.Err() != nil }
}
