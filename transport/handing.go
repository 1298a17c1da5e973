package transport

import "go.uber.org/zap"

// receive takes a frame that came on lane l and hands over what it has brought. It is called from one goroutine for each lane.
func (p *Peer) receive(l lane, frame []byte) {
	h, body, err := parseHeader(l, frame)
	if err != nil {
		p.update(func(s *session) { s.stats.Refused++ })
		p.malformed(err)
		return
	}
	p.handing[l].Lock()
	defer p.handing[l].Unlock()
	if l == control {
		p.maybeBegin(h, body)
	}
	a, err := p.arrived(l, h, body)
	if err != nil {
		p.malformed(err)
	}
	if l == data {
		p.handSlabs(a.body)
	} else {
		p.handItems(a)
	}
}

func (p *Peer) arrived(l lane, h header, body []byte) (arrival, error) {
	p.mu.Lock()
	defer p.unlock()
	return p.mu.session.receive(l, h, body)
}

// maybeBegin begins a life of the peer that a frame on the control lane tells of. handing[control] is held, so lives change
// nowhere else meanwhile. With handing[data] held too, what the data lane hands over of the former life has been handed
// over before the Reset, and none of it comes after.
func (p *Peer) maybeBegin(h header, body []byte) {
	p.mu.Lock()
	announced, former := p.mu.announces(control, h, body), p.mu.peer
	p.mu.Unlock()
	if !announced {
		return
	}
	p.handing[data].Lock()
	defer p.handing[data].Unlock()
	var fed []Dest
	p.update(func(s *session) { fed = s.begin(h.from) })
	if former != 0 {
		p.node.options.Handler.Reset(p)
	}
	p.handCredits(fed)
}

func (p *Peer) handSlabs(body []byte) {
	for len(body) > 0 {
		dest, slab, rest, _ := nextSlab(body)
		p.node.options.Handler.Slab(p, dest, slab)
		body = rest
	}
}

func (p *Peer) handItems(a arrival) {
	p.handCredits(a.fed)
	records := int64(0)
	for body := a.body; len(body) > 0; {
		var i controlItem
		if i, body, _ = nextItem(body); i.count == 0 {
			p.node.options.Handler.Control(p, i.record)
			records++
		}
	}
	if records > 0 {
		p.mu.Lock()
		p.mu.stats.ControlsHandled += records
		p.mu.Unlock()
	}
}

func (p *Peer) handCredits(fed []Dest) {
	for _, d := range fed {
		p.node.options.Handler.Credit(p, d)
	}
}

func (p *Peer) malformed(err error) {
	p.node.log.Warn("refused a frame", zap.String("peer", p.id), zap.Error(err))
}
