package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// shared is what the tasks of a worker share by name.
type shared struct {
	mu struct {
		sync.Mutex
		of    map[string]*resource
		order []string // of the opening
	}
}

// resource is one thing that is shared. x and err are written before ready is closed.
type resource struct {
	ready chan struct{}
	x     any
	err   error
}

// maxShared bounds how many resources the code of a topology may share.
const maxShared = 256

// get returns the resource, which the first caller opens while the others wait.
func (s *shared) get(ctx context.Context, name string, open func() (any, error)) (any, error) {
	r, first, err := s.entry(name)
	if err != nil {
		return nil, err
	}
	if first {
		s.open(name, r, open)
	}
	select {
	case <-r.ready:
		return r.x, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the worker ended while it was opened: %w", ctx.Err())
	}
}

func (s *shared) entry(name string) (r *resource, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r = s.mu.of[name]; r != nil {
		return r, false, nil
	}
	if len(s.mu.of) >= maxShared {
		return nil, false, fmt.Errorf("the worker shares %d resources already", maxShared)
	}
	if s.mu.of == nil {
		s.mu.of = map[string]*resource{}
	}
	r = &resource{ready: make(chan struct{}), err: errors.New("its open panicked")}
	s.mu.of[name] = r
	s.mu.order = append(s.mu.order, name)
	return r, true, nil
}

// open opens the resource without the lock. One that could not be opened is forgotten: the next caller
// tries again.
func (s *shared) open(name string, r *resource, open func() (any, error)) {
	defer func() {
		if r.err != nil {
			s.mu.Lock()
			delete(s.mu.of, name)
			s.mu.Unlock()
		}
		close(r.ready)
	}()
	r.x, r.err = open()
}

// close closes what can be closed, the newest first, for at most the grace.
func (s *shared) close() error {
	closed := make(chan error, 1)
	go func() { closed <- s.closeAll() }()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-closed:
		return err
	case <-timer.C:
		return fmt.Errorf("the Close of a shared resource has not returned within %v", grace)
	}
}

func (s *shared) closeAll() error {
	s.mu.Lock()
	order, of := s.mu.order, s.mu.of
	s.mu.order, s.mu.of = nil, nil
	s.mu.Unlock()
	var errs []error
	for i := len(order) - 1; i >= 0; i-- {
		if r := of[order[i]]; r != nil && r.isOpen() {
			errs = append(errs, closeResource(order[i], r.x))
			delete(of, order[i])
		}
	}
	return errors.Join(errs...)
}

// isOpen reports whether the resource is there; one that is still being opened is left to who opens it.
func (r *resource) isOpen() bool {
	select {
	case <-r.ready:
		return r.err == nil
	default:
		return false
	}
}

func closeResource(name string, x any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError("shared resource "+name, p)
		}
	}()
	c, ok := x.(io.Closer)
	if !ok {
		return nil
	}
	if err := c.Close(); err != nil {
		return fmt.Errorf("close of shared resource %q: %w", name, err)
	}
	return nil
}
