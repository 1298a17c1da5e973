package transport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sink grants at once and tells when n slabs have come.
type sink struct {
	left  int
	done  chan struct{}
	more  chan struct{}
	reply bool
}

func (s *sink) Slab(p *Peer, d Dest, body []byte) {
	p.Grant(d)
	if s.reply {
		p.Control(body)
		return
	}
	if s.left--; s.left == 0 {
		close(s.done)
	}
}

func (s *sink) Control(*Peer, []byte) { s.more <- struct{}{} }
func (s *sink) Reset(*Peer)           {}
func (s *sink) Credit(*Peer, Dest) {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// BenchmarkLink is how fast slabs go through one link over a server on loopback, with sender, server and receiver in one process.
func BenchmarkLink(b *testing.B) {
	for _, bench := range []struct {
		name string
		size int
	}{{"8KiB", 8 << 10}, {"1KiB", 1 << 10}, {"64B", 64}} {
		b.Run(bench.name, func(b *testing.B) { benchLink(b, bench.size) })
	}
}

func benchLink(b *testing.B, size int) {
	url := serve(b).ClientURL()
	to := &sink{left: b.N, done: make(chan struct{})}
	from := &sink{more: make(chan struct{}, 1)}
	open(b, connect(b, url), "to", 1, to, "from")
	p := open(b, connect(b, url), "from", 1, from, "to").Peer("to")
	eventually(b, "up", func() bool { return p.Stats().Up })
	slab := make([]byte, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		for !p.Send(Dest(i%8), slab) {
			<-from.more
		}
	}
	<-to.done
	b.StopTimer()
	s := p.Stats()
	b.ReportMetric(float64(s.SlabsSent)/float64(s.Sent), "slabs/frame")
	require.Zero(b, s.Resent)
}

// BenchmarkRoundTrip is a slab of 64 bytes one way and a control record of as many back.
func BenchmarkRoundTrip(b *testing.B) {
	url := serve(b).ClientURL()
	from := &sink{more: make(chan struct{}, 1)}
	open(b, connect(b, url), "to", 1, &sink{reply: true}, "from")
	p := open(b, connect(b, url), "from", 1, from, "to").Peer("to")
	eventually(b, "up", func() bool { return p.Stats().Up })
	slab := make([]byte, 64)
	b.ReportAllocs()
	start := time.Now()
	for b.Loop() {
		require.True(b, p.Send(1, slab))
		<-from.more
	}
	b.ReportMetric(float64(time.Since(start).Microseconds())/float64(2*b.N), "us/way")
}
