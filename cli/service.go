package cli

import (
	"context"
	"fmt"
	"time"
)

// service is a daemon that runs in this process.
type service struct {
	name string
	end  context.CancelFunc
	over chan struct{} // closed when it has ended
	err  error         // why; to be read after over
}

// serviceEnd is how long a service may take to end. Those that stop processes kill them long before.
const serviceEnd = 15 * time.Second

// serve starts a service. failed is called, with the service's name, if it ends without having been told to.
func serve(name string, run func(context.Context) error, failed func(error)) *service {
	ctx, end := context.WithCancel(context.Background())
	s := &service{name: name, end: end, over: make(chan struct{})}
	go func() {
		defer close(s.over)
		s.err = run(ctx)
		if ctx.Err() == nil {
			failed(fmt.Errorf("%s has ended: %w", name, s.err))
		}
	}()
	return s
}

// stop has the service end, and waits for it.
func (s *service) stop() error {
	s.end()
	patience := time.NewTimer(serviceEnd)
	defer patience.Stop()
	select {
	case <-s.over:
		return s.err
	case <-patience.C:
		return fmt.Errorf("%s has not ended within %v", s.name, serviceEnd)
	}
}
