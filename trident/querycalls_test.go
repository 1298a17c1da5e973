package trident

import (
	"errors"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestCallsBehindLostOnesAreFreed has calls begin, end and get lost in any order: what counts never passes over an open call, and no call waits behind a
// lost one that counts.
func TestCallsBehindLostOnesAreFreed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := calls{open: map[uint64]*call{}}
		lost := map[uint64]bool{}
		lowest := func() uint64 {
			for txid := uint64(1); txid <= c.last; txid++ {
				if c.open[txid] != nil {
					return txid
				}
			}
			return c.last
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			txid := rapid.Uint64Range(1, c.last+1).Draw(t, "txid")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				begun, from := c.begin(&call{})
				require.Equal(t, begun, c.last)
				require.Equal(t, lowest(), from)
			case 1:
				c.end(txid)
			case 2:
				if txid <= c.last {
					c.lose(txid)
					lost[txid] = true
				}
			}
			if c.stuck() {
				_, from := c.header()
				require.Equal(t, lowest(), from)
				require.False(t, c.stuck())
			}
			for txid := range lost {
				if len(c.open) > 0 && txid < lowest() {
					require.Less(t, txid, c.told, "calls from %d on wait behind it", lowest())
				}
			}
		}
	})
}

func TestErrorsNameTheQuery(t *testing.T) {
	a := &asking{group: &group{query: "reach"}, attempt: 7}
	a.calls.open = map[uint64]*call{}
	for cause, want := range map[error]string{
		errors.New("bad"):   `query "reach": bad`,
		topology.ErrTimeout: `query "reach": it was not done within the topology's message timeout: a task is too slow for it, or what was sent to one is lost; call again`,
	} {
		c := &call{answer: make(chan reply, 1)}
		txid, _ := a.calls.begin(c)
		a.Fail(asked{6, txid}, cause) // of the instance before
		require.NotNil(t, a.calls.open[txid])
		a.Fail(asked{7, txid}, cause)
		require.EqualError(t, (<-c.answer).err, want)
	}
	c := &call{answer: make(chan reply, 1)}
	txid, _ := a.calls.begin(c)
	a.answered(mail{TxID: txid, Error: "too long"})
	require.EqualError(t, (<-c.answer).err, `query "reach": too long`)
	_, err := a.ask(t.Context(), nil) // nothing can wait
	require.EqualError(t, err, `busy: 128 calls of query "reach" wait already`)
}
