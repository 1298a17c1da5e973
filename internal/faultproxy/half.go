package faultproxy

import (
	"bytes"
	"io"
	"net"
	"time"
)

// What is on its way in one direction of a connection is at most queueChunks chunks of chunkBytes.
const (
	chunkBytes  = 16 << 10
	queueChunks = 64
)

// half is one direction of a pair. A goroutine reads, and another writes when it is time.
type half struct {
	*pair
	direction Direction
	from, to  *net.TCPConn
	queue     chan chunk
	free      time.Time // when the bandwidth was used up to
}

// chunk is bytes, or how they end.
type chunk struct {
	data []byte
	end  error // io.EOF, or why it can't be read on; nil while there is more
	at   time.Time
	luck float64
}

func newHalf(c *pair, d Direction, from, to *net.TCPConn) *half {
	return &half{pair: c, direction: d, from: from, to: to, queue: make(chan chunk, queueChunks)}
}

func (h *half) read() {
	defer close(h.queue)
	buffer := make([]byte, chunkBytes)
	for {
		n, err := h.from.Read(buffer)
		c := chunk{data: bytes.Clone(buffer[:n]), end: err, at: time.Now(), luck: h.proxy.luck(h.direction)}
		select {
		case h.queue <- c:
		case <-h.done:
			return
		}
		if err != nil {
			return
		}
	}
}

func (h *half) write() {
	for c := range h.queue {
		if !h.deliver(c) {
			h.reset()
			return
		}
	}
}

// deliver writes the chunk, or lets it vanish. It returns false when the pair can't go on.
func (h *half) deliver(c chunk) bool {
	for len(c.data) > 0 {
		n, ok := h.await(c)
		if !ok {
			return true
		}
		if _, err := h.to.Write(c.data[:n]); err != nil {
			return h.unheard()
		}
		c.data = c.data[n:]
	}
	if c.end == nil {
		return true
	}
	if _, ok := h.await(c); !ok {
		return true
	}
	if c.end != io.EOF {
		return false
	}
	return h.to.CloseWrite() == nil || h.unheard()
}

// await waits until some of the chunk is due and returns how many bytes. It returns false when none ever will be.
func (h *half) await(c chunk) (n int, ok bool) {
	for {
		f, changed, passes := h.conditions(len(c.data))
		if !passes {
			return 0, false
		}
		n := f.piece(len(c.data))
		due := later(c.at.Add(f.after(c.luck)), h.free).Add(f.takes(n))
		if wait := time.Until(due); wait > 0 {
			h.sleep(wait, changed)
			continue
		}
		h.free = due
		return n, true
	}
}

// conditions returns the faults, what tells of their change, and whether n bytes may pass.
func (h *half) conditions(n int) (f Faults, changed <-chan struct{}, passes bool) {
	p := h.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	f = p.mu.faults[h.direction]
	if h.ended {
		return f, nil, false
	}
	if f.Drop || h.lost&h.direction != 0 { // noted in one step with the look, lest a Heal in between miss the loss
		h.lost |= h.direction
		p.mu.vanished += int64(n)
		return f, nil, false
	}
	return f, p.mu.changed, true
}

// sleep waits for a time, a change of the faults or the end of the pair.
func (h *half) sleep(d time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-h.done:
	}
}

// unheard is called when the receiver has gone. If the sender can't hear of that now, what it sends vanishes. It returns
// false when it can.
func (h *half) unheard() bool {
	p := h.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	back := h.direction.reverse()
	if !p.mu.faults[back].Drop && h.lost&back == 0 {
		return false
	}
	h.lost = Both
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
