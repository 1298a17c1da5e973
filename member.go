package gale

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/config"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker/process"
	"go.uber.org/zap/zapcore"
)

// variables returns the variables that say what the program is to be.
func variables(env []string) map[string]string {
	vars := map[string]string{}
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && (name == cluster.DescribeVariable || name == cluster.SpecVariable) {
			vars[name] = value
		}
	}
	return vars
}

// describe writes the topology's definition for whoever submits it.
func describe(topo *topology.Topology, cfg config.Config, file string, stderr io.Writer) int {
	if err := process.Describe(topo, cfg, file); err != nil {
		return complain(stderr, ExitFailed, err)
	}
	return ExitOK
}

// runWorker is the life of a worker's process. Its configuration file is the one that was submitted, whatever its flags say: theirs
// was on the submitter's machine.
func runWorker(b *topology.Builder, flags galeFlags, env []string, file string, stderr io.Writer) int {
	spec, err := process.ReadSpec(file)
	if err != nil {
		return complain(stderr, ExitFailed, err)
	}
	os.Unsetenv(cluster.SpecVariable) // it means this process alone, and none that it may start
	topo, err := b.Build()
	if err != nil {
		return complain(stderr, ExitFailed, err)
	}
	flags.file = spec.Config
	cfg, err := configure(topo, flags, env)
	if err != nil {
		return complain(stderr, ExitUsage, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := newLogger(cfg.Log, zapcore.AddSync(stderr))
	if err := process.Run(ctx, topo, workerOptions(cfg, log), spec); err != nil {
		return complain(stderr, ExitFailed, err)
	}
	return ExitOK
}
