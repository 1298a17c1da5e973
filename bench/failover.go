package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/galestream/gale/cluster"
)

// failoverPatience bounds a failover, and the time before it.
const failoverPatience = 2 * time.Minute

// killWorker is kill -9 of the sink's worker.
func killWorker() (time.Duration, error) {
	return flowFault(1, func(_ *site, pid int) error { return syscall.Kill(pid, syscall.SIGKILL) })
}

// hangWorker stops the sink's worker, which then does nothing but is there.
func hangWorker() (time.Duration, error) {
	return flowFault(1, func(_ *site, pid int) error { return syscall.Kill(pid, syscall.SIGSTOP) })
}

// killSupervisor is kill -9 of a supervisor and all its workers.
func killSupervisor() (time.Duration, error) {
	return flowFault(2, (*site).loseSupervisorOf)
}

// flowFault returns for how long the sink of the flow topology gets no tuple when a fault befalls its process. Source and sink are
// in two workers.
func flowFault(supervisors int, fault func(s *site, pid int) error) (gap time.Duration, err error) {
	s, err := startSite(1, supervisors)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	ctx, cancel := context.WithTimeout(context.Background(), failoverPatience)
	defer cancel()
	a, err := watchArrivals(s.nc)
	if err != nil {
		return 0, err
	}
	if _, err := s.submitFlow(ctx, 2); err != nil {
		return 0, err
	}
	last, err := a.last(ctx)
	if err != nil {
		return 0, err
	}
	if err := fault(s, last.pid); err != nil {
		return 0, err
	}
	return a.gap(ctx, last)
}

// loseSupervisorOf kills the supervisor of a worker and its workers.
func (s *site) loseSupervisorOf(pid int) error {
	d, err := s.client.Describe(context.Background(), "flow")
	if err != nil {
		return err
	}
	id := supervisorOf(d, pid)
	if s.daemons[id] == nil {
		return fmt.Errorf("worker %d is not known: %+v", pid, d.Workers)
	}
	s.daemons[id].kill()
	for _, w := range d.Workers {
		if w.Supervisor == id {
			err = errors.Join(err, syscall.Kill(w.PID, syscall.SIGKILL))
		}
	}
	return err
}

func supervisorOf(d cluster.Description, pid int) string {
	for _, w := range d.Workers {
		if w.PID == pid {
			return w.Supervisor
		}
	}
	return ""
}

// killLeader returns how long the API does not answer after kill -9 of the leading Nimbus, of two.
func killLeader() (took time.Duration, err error) {
	s, err := startSite(2, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	before, err := s.client.Status(context.Background())
	if err != nil {
		return 0, err
	}
	began := time.Now()
	s.daemons[before.Leader].kill()
	err = s.await(func(r cluster.StatusResponse) bool { return r.Leader != before.Leader })
	return time.Since(began), err
}
