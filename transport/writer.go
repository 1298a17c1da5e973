package transport

import (
	"runtime"

	"go.uber.org/zap"
)

// write publishes what is to be published, until the peer has ended. Whoever else wants to run does so first, so that what is sent
// together travels together.
func (p *Peer) write() {
	for {
		select {
		case <-p.work:
			runtime.Gosched()
			p.publishAll()
		case <-p.ended:
			p.publishAll()
			return
		}
	}
}

func (p *Peer) publishAll() {
	for o := p.next(); o.bytes != nil; o = p.after(o) {
		if err := p.node.nc.Publish(p.subjects[o.lane], o.bytes); err != nil {
			p.unpublished(err)
		}
	}
}

// unpublished logs what is no outage. In either case the frame stays unconfirmed, and is sent again when it is found to be missing.
func (p *Peer) unpublished(err error) {
	if p.node.nc.IsConnected() {
		p.node.log.Warn("a frame could not be published", zap.String("peer", p.id), zap.Error(err))
	}
}

func (p *Peer) next() outgoing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.nextLocked()
}

// after is next after o has been published.
func (p *Peer) after(o outgoing) outgoing {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.frame != nil {
		o.frame.published()
	}
	return p.nextLocked()
}

func (p *Peer) nextLocked() outgoing {
	o := p.mu.session.next(p.scratch[:])
	p.mu.idle = o.bytes == nil
	return o
}

// stop has the writer publish what waits and end.
func (p *Peer) stop() {
	p.update(func(s *session) {
		s.flush = s.owes()
		for l := range s.out {
			s.out[l].hurry()
		}
	})
	close(p.ended)
}
