package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

// site is a cluster of processes around a hub: Nimbuses n1, n2, ... and supervisors s1, s2, ..., each run by the command gale.
type site struct {
	*hub
	daemons map[string]*daemon
	client  *client.Client
}

// startSite returns when all supervisors are up.
func startSite(nimbuses, supervisors int) (s *site, err error) {
	s = &site{daemons: map[string]*daemon{}}
	defer func() { err = unlessStarted(err, s.stop) }()
	if s.hub, err = startHub(); err != nil {
		return s, err
	}
	if s.client, err = client.Connect(s.access()); err != nil {
		return s, err
	}
	for i := range nimbuses {
		if err := s.start("nimbus", fmt.Sprintf("n%d", i+1)); err != nil {
			return s, err
		}
	}
	for i := range supervisors {
		id := fmt.Sprintf("s%d", i+1)
		if err := s.start("supervisor", id, "--stop-workers", "--data", s.path(id)); err != nil {
			return s, err
		}
	}
	return s, s.await(func(r cluster.StatusResponse) bool { return r.Supervisors == supervisors })
}

func (s *site) start(verb, id string, args ...string) error {
	gale, err := built("cmd/gale")
	if err != nil {
		return err
	}
	s.daemons[id], err = startDaemon(s.path(id+".log"), exec.Command(gale, append([]string{verb, "--id", id, "--nats", s.server.URL()}, args...)...))
	return err
}

// await waits until the status is as it should be. Until a Nimbus answers, it is not.
func (s *site) await(suits func(cluster.StatusResponse) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		r, err := s.client.Status(ctx)
		if err == nil && suits(r) {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("the cluster did not become what it should be: %v, %w", r, errors.Join(err, ctx.Err()))
		}
	}
}

// submitFlow has the flow topology run, and returns when that is recorded.
func (s *site) submitFlow(ctx context.Context, workers int) (cluster.SubmitResponse, error) {
	self, err := os.Executable()
	if err != nil {
		return cluster.SubmitResponse{}, err
	}
	p := client.Program{Path: self, Env: map[string]string{urlVariable: s.server.URL()}}
	return s.client.Submit(ctx, client.Submission{Program: p, Workers: workers})
}

// stop stops supervisors, with their workers, before what these need.
func (s *site) stop() (err error) {
	for _, verb := range []string{"s", "n"} {
		for id, d := range s.daemons {
			if id[:1] == verb && d.command.Process != nil {
				err = errors.Join(err, d.stop())
			}
		}
	}
	if s.client != nil {
		s.client.Close()
	}
	return errors.Join(err, s.hub.stop())
}
