package trident

import "sync/atomic"

// call is one question.
type call struct {
	argument string
	answer   chan reply // room for one
	gone     atomic.Bool
}

type reply struct {
	answer []byte
	err    error
}

// calls are those of a query that are under way. Stages work at one after the other: so one that was lost on its way holds up those behind it until
// a packet tells that only what is from a later one on counts.
type calls struct {
	open map[uint64]*call // by txid
	last uint64           // the last txid that was given
	told uint64           // from which on all counts, as it was told last

	// What has ended and may not have ended in every stage, of what counts there: the lowest and the highest; 0: nothing.
	lost, lostLast uint64
}

// begin gives a call its txid.
func (c *calls) begin(x *call) (txid, from uint64) {
	c.open[c.last+1] = x
	return c.header()
}

// header gives the next packet that begins a batch its txid, and from which on all counts.
func (c *calls) header() (txid, from uint64) {
	c.last++
	c.told = c.lowest()
	switch {
	case c.lostLast < c.told:
		c.lost, c.lostLast = 0, 0
	default:
		c.lost = max(c.lost, c.told)
	}
	return c.last, c.told
}

// lowest returns the first that is open; if none is, the last that has begun: there is nothing before it that anybody waits for.
func (c *calls) lowest() uint64 {
	from := c.last
	for txid := range c.open {
		from = min(from, txid)
	}
	return from
}

// end takes a call out; nil when it isn't open.
func (c *calls) end(txid uint64) *call {
	x := c.open[txid]
	delete(c.open, txid)
	return x
}

// lose is end of what may not have ended in every stage.
func (c *calls) lose(txid uint64) *call {
	if txid >= c.told {
		c.lostLast = max(c.lostLast, txid)
		if c.lost == 0 || txid < c.lost {
			c.lost = txid
		}
	}
	return c.end(txid)
}

// stuck reports whether calls wait behind one that was lost, and nothing has been sent since that says so.
func (c *calls) stuck() bool { return len(c.open) > 0 && c.lost > 0 && c.lost < c.lowest() }
