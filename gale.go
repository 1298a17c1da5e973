// Package gale is the entry of programs that are topologies.
//
//	func main() {
//		b := topology.NewBuilder("wordcount")
//		b.Spout("lines", source.Lines("README.md")).Emits(source.LineFields...)
//		b.Bolt("split", topology.BoltFunc(split)).Emits("word").Shuffle("lines")
//		gale.Main(b)
//	}
//
// `go run .` runs such a program here, in one process, with live figures, until its sources end or
// Ctrl-C. `gale submit .` has a cluster run it: the same program is then the process of each worker. A program that does
// more than that runs its topology by [Run].
package gale

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
)

// Exit codes of programs that call Main.
const (
	ExitOK          = 0   // the sources have ended, or the run went well
	ExitFailed      = 1   // the topology could not be built or run, or ended with an error
	ExitUsage       = 2   // flags, environment or configuration file are wrong
	ExitInterrupted = 130 // Ctrl-C or SIGTERM
)

// Main runs the topology that b declares, and exits with one of the codes above.
//
// It runs until its sources have ended and every tuple tree is complete, or until Ctrl-C or SIGTERM:
// then it drains what is under way for at most topology.stop-timeout, and a second one ends it at
// once. Figures and logs go to standard error, standard output is the program's own.
//
// It takes its configuration from a YAML file (-gale.config=FILE, or GALE_CONFIG), the environment
// (GALE_TOPOLOGY_BATCH_SIZE=64) and flags (-gale.topology.batch-size=64), the later ones over the
// earlier; -gale.help lists all keys. [Args] has what is left for the program itself.
//
// In a program that `gale submit` or a supervisor has started, Main describes the topology, or is one of its workers; see
// the variables GALE_DESCRIBE and GALE_WORKER in package cluster.
func Main(b *topology.Builder) {
	os.Exit(run(b, os.Args[1:], os.Environ(), os.Stderr))
}

// run is Main without the process around it.
func run(b *topology.Builder, args, env []string, stderr io.Writer) int {
	flags, _, err := splitArgs(args)
	if err != nil {
		return complain(stderr, ExitUsage, err)
	}
	vars := variables(env)
	if file := vars[cluster.SpecVariable]; file != "" {
		return runWorker(b, flags, env, file, stderr)
	}
	topo, err := b.Build()
	if err != nil {
		return complain(stderr, ExitFailed, err)
	}
	cfg, err := configure(topo, flags, env)
	if err != nil {
		return complain(stderr, ExitUsage, err)
	}
	if flags.help {
		if err := printUsage(stderr, cfg); err != nil {
			return ExitFailed
		}
		return ExitOK
	}
	if file := vars[cluster.DescribeVariable]; file != "" {
		return describe(topo, cfg, file, stderr)
	}
	return runHere(topo, cfg, flags.plain, stderr)
}

func complain(w io.Writer, code int, err error) int {
	fmt.Fprintf(w, "%v\n", err)
	return code
}

// Run runs a topology in this process until its sources have ended and every tuple tree is complete,
// or until ctx is done and what was under way is drained. It shows nothing, reads no
// configuration and catches no signals. See [worker.Worker.Run] for the errors, and
// [worker.Options] for what may be set; package worker also gives figures while it runs.
func Run(ctx context.Context, t *topology.Topology, opt worker.Options) error {
	w, err := worker.New(t, opt)
	if err != nil {
		return err
	}
	return w.Run(ctx)
}
