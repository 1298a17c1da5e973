package gale

import (
	"context"
	"io"
	"sync"

	"github.com/galestream/gale/config"
	"github.com/galestream/gale/console"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"go.uber.org/zap/zapcore"
)

// runShown runs the topology with live figures on stderr, and a summary at the end.
func runShown(ctx context.Context, topo *topology.Topology, cfg config.Config, plain bool, stderr io.Writer) error {
	screen := console.New(stderr, console.Options{Plain: plain})
	log := newLogger(cfg.Log, zapcore.AddSync(screen.Above()))
	w, err := worker.New(topo, workerOptions(cfg, log))
	if err != nil {
		return err
	}
	shown, stop := context.WithCancel(context.Background())
	var showing sync.WaitGroup
	showing.Go(func() { screen.Run(shown, w.Snapshot) })
	err = w.Run(ctx)
	stop()
	showing.Wait()
	screen.Summary(w.Snapshot())
	return err
}
