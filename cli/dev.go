package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/console"
	"github.com/urfave/cli/v2"
)

func devVerb() *verb {
	return &verb{
		name: "dev", category: clusterVerbs, usage: "runs a whole cluster here, and a topology on it", args: "[PATH] [-- ARGS...]", passes: true, local: true, silent: true, run: runDev,
		example: "gale dev ./examples/wordcount -- -top 10",
		about: "NATS, Nimbus and supervisors in one process, reachable from this machine only; other terminals find it by\nthemselves. With PATH (see 'gale submit') it also runs that topology, shows it live, and ends when it\n" +
			"does. Ctrl-C drains the topology and stops everything; a second one does so at once. The data folder\nstays, and with it the topologies that were submitted otherwise; their streams of their own are\n" +
			"reached with credentials/app.creds in it.",
		flags: append(append([]cli.Flag{
			dataFlag("dev"),
			&cli.IntFlag{Name: "port", Usage: "port of NATS, -1 for any that is free `PORT`", Value: 4222},
			&cli.IntFlag{Name: "supervisors", Usage: "how many supervisors, 1 to 32 `N`", Value: 1},
			slotsFlag(),
			&cli.BoolFlag{Name: "stay", Usage: "go on when the topology of PATH has ended"},
		}, submissionFlags()...), logFlags("error")...),
	}
}

const maxDevSupervisors = 32

// dev is a run of gale dev.
type dev struct {
	*invocation
	started time.Time
	screen  *console.Console
	hurry   context.Context         // ends with the second signal
	fail    context.CancelCauseFunc // ends the invocation's context, as a part of the cluster has failed
	cluster *devCluster
}

func runDev(i *invocation) error {
	d := &dev{invocation: i, started: time.Now(), screen: console.New(i.err, console.Options{Interval: interval(i.err)})}
	i.plain = true // workers' lines come between
	hurry, release := secondSignal()
	defer release()
	d.hurry = hurry
	signalled := i.ctx
	i.ctx, d.fail = context.WithCancelCause(signalled)
	defer d.fail(nil)
	err := d.run()
	switch {
	case !errors.Is(err, context.Canceled):
		return err
	case signalled.Err() != nil:
		return nil // Ctrl-C is how it ends
	}
	return context.Cause(i.ctx)
}

func (d *dev) run() (err error) {
	o, err := d.options()
	if err != nil {
		return err
	}
	topology, err := d.submission()
	if err != nil {
		return err
	}
	d.cluster, err = startDev(d.ctx, o)
	defer func() { err = errors.Join(err, d.cluster.stop()) }()
	if err != nil {
		return err
	}
	remove, err := writeConnection(connectionFile(), connection{URL: d.cluster.server.URL(), Credentials: d.cluster.secrets.client})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := d.tellReady(); err != nil {
		return err
	}
	if d.NArg() == 0 {
		return d.wait()
	}
	return d.runTopology(d.Args().First(), topology)
}

func (d *dev) options() (o devOptions, err error) {
	o = devOptions{port: d.Int("port"), supervisors: d.Int("supervisors"), slots: d.Int("slots"), failed: d.fail}
	if o.supervisors < 1 || o.supervisors > maxDevSupervisors {
		return o, d.mistake("--supervisors is %d, must be in 1..%d", o.supervisors, maxDevSupervisors)
	}
	if o.log, err = d.logger(d.screen.Above()); err != nil {
		return o, err
	}
	o.data, err = d.data("dev")
	return o, err
}

const devNote = `in another terminal: gale list, gale top, gale submit PATH (they find this cluster by themselves); Ctrl-C here ends it
`

func (d *dev) tellReady() error {
	_, err := fmt.Fprintf(d.out, "ready in %.2fs: %s, data in %s\n%s", time.Since(d.started).Seconds(), d.cluster.server.URL(), d.cluster.o.data, devNote)
	return err
}

// wait waits for the end. Only a part that has failed is an error.
func (d *dev) wait() error {
	<-d.ctx.Done()
	return context.Cause(d.ctx)
}
