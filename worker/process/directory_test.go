package process

import (
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/transport"
	"github.com/stretchr/testify/require"
)

// deaf does nothing with what comes.
type deaf struct{}

func (deaf) Slab(*transport.Peer, transport.Dest, []byte) {}
func (deaf) Control(*transport.Peer, []byte)              {}
func (deaf) Credit(*transport.Peer, transport.Dest)       {}
func (deaf) Reset(*transport.Peer)                        {}

// A peer's slot is connected before the first frame is handled, and a late one of who filled it before changes nothing.
func TestPeerIsConnectedWhenItIsFirstMet(t *testing.T) {
	s := newSite(t, nil)
	node, err := transport.Open(s.daemon, transport.Options{Topology: "T", Worker: "W1", Life: 1, Handler: deaf{},
		Subject: func(to, from string) string { return cluster.LinkSubject("T", to, from) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	node.SetPeers([]string{"W2", "W3", "W4"})
	first, second, stranger := node.Peer("W2"), node.Peer("W3"), node.Peer("W4")

	d := newDirectory(generation(1, runs("W1", feedTask), runs("W2", sinkTask)))
	var slots []int
	var connected []*transport.Peer
	meet := func(p *transport.Peer) bool {
		_, ok := d.meet(p, func(slot int) { slots, connected = append(slots, slot), append(connected, p) })
		return ok
	}
	require.False(t, meet(first), "nobody is known yet")
	require.NoError(t, d.update(generation(1, runs("W1", feedTask), runs("W2", sinkTask))))
	require.True(t, meet(first))
	require.NoError(t, d.update(generation(1, runs("W1", feedTask), runs("W3", sinkTask))))
	require.True(t, meet(second))
	require.True(t, meet(first), "what comes late is still said of the slot")
	require.True(t, meet(second))
	require.False(t, meet(stranger))
	require.Equal(t, []*transport.Peer{first, second}, connected)
	require.Equal(t, slots[0], slots[1])
}
