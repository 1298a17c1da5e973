package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// daemon is a process of the command gale.
type daemon struct {
	command *exec.Cmd
	log     *os.File // of its standard error
	exited  chan struct{}
}

// startDaemon starts a command whose standard error goes to the file log.
func startDaemon(log string, c *exec.Cmd) (d *daemon, err error) {
	d = &daemon{command: c, exited: make(chan struct{})}
	if d.log, err = os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return d, err
	}
	c.Stderr = d.log
	if err := c.Start(); err != nil {
		return d, errors.Join(err, d.log.Close())
	}
	go func() {
		defer close(d.exited)
		_ = c.Wait() // what it ended with is in its log
	}()
	return d, nil
}

// kill is kill -9, and returns when it is dead.
func (d *daemon) kill() {
	_ = d.command.Process.Kill() // it may be dead already
	<-d.exited
}

// stop asks it to end, and waits until it has.
func (d *daemon) stop() error {
	_ = d.command.Process.Signal(syscall.SIGTERM) // it may be dead already
	select {
	case <-d.exited:
		return d.log.Close()
	case <-time.After(patience):
		d.kill()
		return errors.Join(fmt.Errorf("%v did not end within %v", d.command.Args, patience), d.log.Close())
	}
}
