package transport

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func numbered(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("7:%d", i))
	}
	return all
}

// sendAll sends numbered slabs to 7, as credit allows. It uses what the recorder notes of credit.
func sendAll(t testing.TB, p *Peer, r *recorder, n int) {
	t.Helper()
	for i := range n {
		for {
			r.note(func() { r.credits = nil })
			if p.Send(7, fmt.Append(nil, i)) {
				break
			}
			r.await(t, "credit", func() bool { return len(r.credits) > 0 })
		}
	}
}

func TestSlabsAndRecordsArriveInOrder(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	nodeA := open(t, connect(t, url), "a", 3, a, "b")
	nodeB := open(t, connect(t, url), "b", 5, b, "a", "b")
	require.Nil(t, nodeB.Peer("b"), "the own id is no peer")
	sendAll(t, nodeA.Peer("b"), a, 1000)
	nodeA.Peer("b").Control([]byte("one"))
	nodeB.Peer("a").Control([]byte("two"))
	b.await(t, "slabs and a record", func() bool { return len(b.slabs) == 1000 && len(b.controls) == 1 })
	a.await(t, "a record", func() bool { return len(a.controls) == 1 })
	require.Equal(t, numbered(1000), b.slabs)
	require.Equal(t, []string{"one"}, b.controls)
	require.Equal(t, []string{"two"}, a.controls)
	require.Equal(t, uint64(3), nodeB.Peer("a").Life())
	require.Equal(t, "a", nodeB.Peer("a").ID())
	eventually(t, "all confirmed and granted", func() bool {
		return nodeA.Peer("b").Stats().Unconfirmed == 0 && nodeA.Peer("b").Credits(7) == DefaultCredits
	})
	sent, got := nodeA.Peer("b").Stats(), nodeB.Peer("a").Stats()
	require.True(t, sent.Up)
	require.Equal(t, int64(1000), sent.SlabsSent)
	require.Equal(t, int64(1000), got.SlabsHandled)
	require.Equal(t, sent.ControlsSent, got.ControlsHandled)
	require.Zero(t, a.resets+b.resets, "the first life of a peer resets nothing")
}

func TestWhatIsSentBeforeThePeerIsUpArrives(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	p := open(t, connect(t, url), "a", 1, a, "b").Peer("b")
	sent := 0
	for p.Send(7, fmt.Append(nil, sent)) {
		sent++
	}
	require.Equal(t, DefaultCredits, sent)
	require.Zero(t, p.Credits(7))
	require.Zero(t, p.Life())
	p.Control([]byte("early"))
	open(t, connect(t, url), "b", 1, b, "a")
	b.await(t, "what was sent", func() bool { return len(b.slabs) == sent && len(b.controls) == 1 })
	require.Equal(t, numbered(sent), b.slabs)
	a.await(t, "credit", func() bool { return len(a.credits) == 1 })
	require.Equal(t, Dest(7), a.credits[0])
}

func TestOneDestWithoutCreditStopsNoOther(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	b.hold = true
	p := open(t, connect(t, url), "a", 1, a, "b").Peer("b")
	from := open(t, connect(t, url), "b", 1, b, "a").Peer("a")
	for range DefaultCredits {
		require.True(t, p.Send(1, []byte("slow")))
	}
	require.False(t, p.Send(1, []byte("slow")))
	require.True(t, p.Send(2, []byte("free")))
	b.await(t, "slabs", func() bool { return len(b.slabs) == DefaultCredits+1 })
	require.Equal(t, int64(1), p.Stats().Blocked)
	from.Grant(1)
	a.await(t, "credit", func() bool { return len(a.credits) == 1 })
	require.True(t, p.Send(1, []byte("slow")))
}

func TestLargeSlabsTravelAloneAndLargerOnesPanic(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	n := open(t, connect(t, url), "a", 1, a, "b")
	open(t, connect(t, url), "b", 1, b, "a")
	large := strings.Repeat("x", n.MaxSlab())
	require.True(t, n.Peer("b").Send(7, []byte(large)))
	require.True(t, n.Peer("b").Send(7, []byte("small")))
	n.Peer("b").Control([]byte(large))
	b.await(t, "the slabs", func() bool { return len(b.slabs) == 2 && len(b.controls) == 1 })
	require.Equal(t, []string{"7:" + large, "7:small"}, b.slabs)
	require.Equal(t, large, b.controls[0])
	require.Panics(t, func() { n.Peer("b").Send(7, []byte(large+"x")) })
	require.Panics(t, func() { n.Peer("b").Control([]byte(large + "x")) })
}

func TestRemovedPeersAreNotHeard(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	nodeA := open(t, connect(t, url), "a", 1, a, "b", "absent")
	p := open(t, connect(t, url), "b", 1, b, "a").Peer("a")
	eventually(t, "up", func() bool { return p.Stats().Up && nodeA.Peer("b").Stats().Up })
	removed := nodeA.Peer("b")
	nodeA.SetPeers(nil)
	require.Equal(t, 1, a.resets, "one had been known, the other not")
	require.Nil(t, nodeA.Peer("b"))
	require.False(t, removed.Send(1, nil))
	require.Zero(t, removed.Life())
	removed.Control(nil)
	removed.Grant(1)
	require.True(t, p.Send(1, []byte("x")))
	eventually(t, "a frame is refused", func() bool { return nodeA.Refused() > 0 })
	require.Empty(t, a.slabs)
}

func TestAPeerThatIsAddedAgainBeginsAnew(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	nodeA := open(t, connect(t, url), "a", 1, a, "b")
	q := open(t, connect(t, url), "b", 1, b, "a").Peer("a")
	sendAll(t, nodeA.Peer("b"), a, 100)
	require.True(t, q.Send(1, []byte("x")))
	a.await(t, "a slab", func() bool { return len(a.slabs) == 1 })
	b.await(t, "slabs", func() bool { return len(b.slabs) == 100 })

	nodeA.SetPeers(nil)
	nodeA.SetPeers([]string{"b"})
	b.await(t, "Reset", func() bool { return b.resets == 1 })
	sendAll(t, nodeA.Peer("b"), a, 100)
	require.True(t, q.Send(1, []byte("y")))
	a.await(t, "a slab", func() bool { return len(a.slabs) == 2 })
	b.await(t, "slabs", func() bool { return len(b.slabs) == 200 })
	require.Equal(t, append(numbered(100), numbered(100)...), b.slabs)
	require.Equal(t, []string{"1:x", "1:y"}, a.slabs)
	require.Equal(t, uint64(1), q.Life(), "the process is the same")
}

func TestCloseSendsWhatWaits(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), newRecorder()
	nodeA := open(t, connect(t, url), "a", 1, a, "b")
	open(t, connect(t, url), "b", 1, b, "a")
	p := nodeA.Peer("b")
	eventually(t, "up", func() bool { return p.Stats().Up })
	for i := range 10_000 {
		p.Control(fmt.Append(nil, i))
	}
	require.NoError(t, nodeA.Close())
	require.NoError(t, nodeA.Close(), "a second time")
	b.await(t, "all records", func() bool { return len(b.controls) == 10_000 })
	require.False(t, p.Send(1, nil))
	require.Zero(t, a.resets)
	nodeA.SetPeers([]string{"c"})
	require.Nil(t, nodeA.Peer("c"), "a closed node takes no peers")
}

func TestOpenListsAllThatIsWrong(t *testing.T) {
	nc := connect(t, serve(t).ClientURL())
	_, err := Open(nc, Options{Topology: "a.b", Worker: "*", Credits: -1, MaxFrame: -1})
	for _, what := range []string{`Topology "a.b"`, `Worker "*"`, "Life is 0", "Credits is -1", "MaxFrame is -1", "Handler is missing", "Subject is missing"} {
		require.ErrorContains(t, err, what)
	}
	nc.Close()
	_, err = Open(nc, Options{Topology: "t", Worker: "w", Life: 1, Handler: newRecorder(), Subject: subject})
	require.ErrorContains(t, err, "subscribing to test.link.w.*")
}
