package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
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
	site := devSite{client.ConnectionFile(), client.NewConnection(d.cluster.server.URL(), d.cluster.secrets.client)}
	other, err := site.announce()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.withdraw()) }()
	if err := d.tellReady(site.mine, other); err != nil {
		return err
	}
	defer d.tellStaying()
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

// tellReady says how others find this cluster. other is the gale dev that they find by themselves, nil when it is this one.
func (d *dev) tellReady(mine client.Connection, other *client.Connection) error {
	note := "in another terminal: gale list, gale top, gale submit PATH (they find this cluster by themselves)"
	if other != nil {
		note = fmt.Sprintf("in another terminal: gale list --nats %s --creds '%s' (without flags, the gale dev of process %d is found)", mine.URL, mine.Credentials, other.PID)
	}
	_, err := fmt.Fprintf(d.out, "ready in %.2fs: %s, data in %s\n%s; Ctrl-C here ends it\n", time.Since(d.started).Seconds(), mine.URL, d.cluster.o.data, note)
	return err
}

// tellStaying says which topologies run again when this data folder is used again. Who is in a hurry isn't told.
func (d *dev) tellStaying() {
	ctx, cancel := context.WithTimeout(d.hurry, completionTimeout)
	defer cancel()
	all, _ := d.cluster.client.List(ctx) // without an answer, nothing is known
	var names []string
	for _, s := range all {
		if s.Status == cluster.Active || s.Status == cluster.Inactive {
			names = append(names, s.Name)
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(d.err, "not killed, and so runs again at the next gale dev with this data folder: %s\n", strings.Join(names, ", "))
	}
}

// wait waits for the end. Only a part that has failed is an error.
func (d *dev) wait() error {
	<-d.ctx.Done()
	return context.Cause(d.ctx)
}
