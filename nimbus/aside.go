package nimbus

import "context"

// aside is what a request returns as its response if the loop is not to wait for the rest.
type aside struct {
	work func(ctx context.Context) (any, error) // in a goroutine that belongs to the loop; it must not touch what is the loop's
	done func()                                 // in the loop, after the work and before the answer
}

// asideEnd says that the work is done.
type asideEnd struct {
	aside *aside
	reply chan<- result
	result
}

// setAside begins the work. When the leadership ends before it is over, who has asked is told that the outcome is not known.
func (l *leader) setAside(a *aside, reply chan<- result) {
	l.works.Go(func() {
		response, err := a.work(l.ctx)
		send(l.ctx, l.asides, asideEnd{a, reply, result{response, err}})
	})
}

func (l *leader) endAside(e asideEnd) {
	e.aside.done()
	e.reply <- e.result
}
