package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/client"
)

// idleCase measures gale dev, which is all daemons in one process, and a worker of a topology that is deactivated.
func idleCase() benchCase {
	return benchCase{name: "idle-rss-mb", unit: "MB", bar: bar{most: 100}, probe: idleFigure}
}

func idleFigure(window time.Duration) (f figure, err error) {
	d, err := startDev()
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	pid, err := d.startIdle()
	if err != nil {
		return f, err
	}
	daemons, err := idleFor(d.command.Process.Pid, window)
	if err != nil {
		return f, err
	}
	worker, err := idleFor(pid, window)
	note := fmt.Sprintf("all daemons, which use %.1f %% of a core; a worker has %.1f MB (at most 40) and uses %.1f %%", daemons.cpu, worker.rss, worker.cpu)
	return figure{value: daemons.rss, note: note}, err
}

// startIdle submits a topology whose spouts are not to emit, and returns the process id of its worker.
func (d *dev) startIdle() (pid int, err error) {
	program, err := built("examples/hostwatch")
	if err != nil {
		return 0, err
	}
	c, err := d.connect()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), failoverPatience)
	defer cancel()
	r, err := c.Submit(ctx, client.Submission{Program: client.Program{Path: program}, Workers: 1, Inactive: true})
	if err != nil {
		return 0, err
	}
	running, err := c.WaitRunning(ctx, r.Name, r.Generation, nil)
	if err != nil {
		return 0, err
	}
	return running.Workers[0].PID, nil
}

// usage is what a process that should do nothing uses.
type usage struct {
	rss float64 // MB
	cpu float64 // percent of a core
}

// idleFor looks at a process over a window.
func idleFor(pid int, window time.Duration) (u usage, err error) {
	before, err := processCPU(pid)
	if err != nil {
		return u, err
	}
	over := time.NewTimer(window)
	<-over.C
	after, err := processCPU(pid)
	if err != nil {
		return u, err
	}
	rss, err := processRSS(pid)
	return usage{float64(rss) / 1e6, 100 * float64(after-before) / float64(window)}, err
}
