package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/galestream/gale/nimbus"
	"github.com/galestream/gale/supervisor"
	"go.uber.org/zap"
)

// devCluster is a cluster in this process: NATS, Nimbus and supervisors. Workers are processes of their own.
type devCluster struct {
	o           devOptions
	server      *natsd.Server
	secrets     *secrets
	client      *client.Client
	nimbus      *service
	supervisors []*service
}

// devOptions say what a devCluster is made of.
type devOptions struct {
	data        string
	port        int // -1: any
	supervisors int
	slots       int // of each
	log         *zap.Logger
	failed      func(error) // is called when a part ends by itself
}

// devStopGrace is how long workers have between being asked to end and being killed.
const devStopGrace = 2 * time.Second

// startDev returns when the cluster is ready for topologies. What it returns is to be stopped, also with an error.
func startDev(ctx context.Context, o devOptions) (d *devCluster, err error) {
	d = &devCluster{o: o}
	if d.secrets, err = openSecrets(o.data); err != nil {
		return d, err
	}
	d.server, err = natsd.Start(natsd.Options{Data: filepath.Join(o.data, "nats"), Port: o.port, Keys: d.secrets.keys, Log: o.log.Named("nats")})
	if err != nil {
		return d, err
	}
	if err := d.startNimbus(ctx); err != nil {
		return d, err
	}
	for n := range o.supervisors {
		if err := d.startSupervisor(fmt.Sprintf("dev-%d", n+1)); err != nil {
			return d, err
		}
	}
	if d.client, err = client.Connect(d.access(d.secrets.client)); err != nil {
		return d, err
	}
	return d, d.waitReady(ctx)
}

func (d *devCluster) access(credentials string) cluster.Access {
	return cluster.Access{URL: d.server.URL(), Credentials: credentials}
}

func (d *devCluster) startNimbus(ctx context.Context) error {
	n, err := nimbus.New(nimbus.Options{ID: "dev", Access: d.access(d.secrets.daemon), Issuer: d.secrets.keys.Issuer(), Version: version(), Log: d.o.log.Named("nimbus")})
	if err != nil {
		return err
	}
	d.nimbus = serve("Nimbus", n.Run, d.o.failed)
	select {
	case <-n.Led():
		return nil
	case <-d.nimbus.over:
		return d.nimbus.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *devCluster) startSupervisor(id string) error {
	s, err := supervisor.New(supervisor.Options{
		ID: id, Data: filepath.Join(d.o.data, id), Slots: d.o.slots, Access: d.access(d.secrets.daemon), StopWorkers: true,
		Timing: supervisor.Timing{StopGrace: devStopGrace}, Log: d.o.log.Named(id),
	})
	if err != nil {
		return err
	}
	d.supervisors = append(d.supervisors, serve("supervisor "+id, s.Run, d.o.failed))
	return nil
}

const readyPause = 10 * time.Millisecond // between looks at whether all is ready

// waitReady waits until Nimbus knows all supervisors.
func (d *devCluster) waitReady(ctx context.Context) error {
	for {
		s, err := d.client.Status(ctx)
		if err != nil || s.Supervisors >= d.o.supervisors {
			return err
		}
		if !pause(ctx, readyPause) {
			return ctx.Err()
		}
	}
}

// stop ends workers, supervisors, Nimbus and NATS, in this order.
func (d *devCluster) stop() error {
	var errs []error
	for _, s := range d.supervisors {
		s.end() // all at the same time
	}
	for _, s := range d.supervisors {
		errs = append(errs, s.stop())
	}
	if d.client != nil {
		d.client.Close()
	}
	if d.nimbus != nil {
		errs = append(errs, d.nimbus.stop())
	}
	if d.server != nil {
		d.server.Shutdown()
	}
	return errors.Join(errs...)
}
