package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
)

// fleet is a topology whose tasks are spread over worker processes, on loopback and without Nimbus and supervisors: this process
// has the nats-server, and writes the assignment.
type fleet struct {
	*hub
	relay   *nats.Subscription
	workers []*exec.Cmd
	reports chan cluster.Report
}

// memberVariable names the topology that a worker process of the benchmark runs, and its plan.
const memberVariable = "BENCH_MEMBER"

const (
	fleetName = "bench"
	fleetID   = "BENCH"
	patience  = 30 * time.Second
)

// startFleet starts a worker for each set of tasks, and waits until all run. member says what they run.
func startFleet(member string, tasks [][]cluster.TaskID, parallelism map[string]int) (f *fleet, err error) {
	f = &fleet{reports: make(chan cluster.Report, 1024)}
	defer func() { err = unlessStarted(err, f.stop) }()
	if f.hub, err = startHub(); err != nil {
		return f, err
	}
	g := &cluster.Generation{Number: 1, Parallelism: parallelism}
	for i, t := range tasks {
		g.Workers = append(g.Workers, cluster.Worker{ID: workerID(i), Supervisor: "bench", Tasks: t})
	}
	if err := f.assign(g); err != nil {
		return f, err
	}
	for i := range tasks {
		if err := f.startWorker(i, member); err != nil {
			return f, err
		}
	}
	return f, f.awaitRunning(len(tasks))
}

func workerID(i int) string { return fmt.Sprintf("W%d", i) }

func (f *fleet) assign(g *cluster.Generation) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	store, err := cluster.CreateStore(ctx, f.nc, 1)
	if err != nil {
		return err
	}
	if f.relay, err = cluster.ServeAssignments(f.nc, store, nil); err != nil {
		return err
	}
	if _, err := f.nc.Subscribe(cluster.ReportSubject(fleetID, "*"), func(m *nats.Msg) {
		var r cluster.Report
		if json.Unmarshal(m.Data, &r) == nil {
			select {
			case f.reports <- r:
			default: // nobody looks any more
			}
		}
	}); err != nil {
		return err
	}
	w, err := store.TakeOver(ctx, "bench")
	if err != nil {
		return err
	}
	_, err = w.Put(ctx, cluster.AssignmentPrefix+fleetName, cluster.Assignment{
		Topology: fleetName, ID: fleetID, Epoch: w.Epoch(), Version: 1, Active: true, Current: g,
	})
	return err
}

func (f *fleet) startWorker(i int, member string) error {
	dir := f.path(workerID(i))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	spec := cluster.WorkerSpec{
		Protocol: cluster.Protocol, Topology: fleetName, TopologyID: fleetID, Worker: workerID(i), Supervisor: "bench", Life: 1,
		Access: f.access(), BeatFile: filepath.Join(dir, "beat"),
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "spec.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	state, err := f.stateFile()
	if err != nil {
		return err
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), cluster.StateVariable+"="+state, cluster.SpecVariable+"="+file, memberVariable+"="+member, urlVariable+"="+f.server.URL())
	c.Stderr = os.Stderr
	f.workers = append(f.workers, c)
	return c.Start()
}

func (f *fleet) awaitRunning(n int) error {
	running := map[string]bool{}
	deadline := time.After(patience)
	for len(running) < n {
		select {
		case r := <-f.reports:
			if r.Phase == cluster.Running {
				running[r.Worker] = true
			}
		case <-deadline:
			return fmt.Errorf("%d of %d workers run after %v", len(running), n, patience)
		}
	}
	return nil
}

// ask sends a request to one worker.
func (f *fleet) ask(i int, verb string, r cluster.ControlRequest) (*cluster.ControlReply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r.Generation = 1
	return cluster.AskWorker(ctx, f.nc, fleetID, workerID(i), verb, r)
}

// stop ends the workers and the server.
func (f *fleet) stop() (err error) {
	for i, c := range f.workers {
		if c.Process == nil {
			continue
		}
		_, asked := f.ask(i, cluster.ControlStop, cluster.ControlRequest{})
		err = errors.Join(err, asked, c.Wait())
	}
	return errors.Join(err, f.hub.stop())
}
