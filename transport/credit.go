package transport

// credits is how much may be sent: the sender's half of the flow control.
//
// Invariant: 0 <= used <= window of each Dest. used are the slabs that were sent to it in this pair of lives and for which no grant has come.
type credits struct {
	window int
	dests  map[Dest]*account
}

type account struct {
	used    int
	starved bool // a Send has found none
}

const (
	maxCredits = 1 << 16
	maxDests   = 1 << 16 // of a peer. A process has fewer tasks.
)

func newCredits(window int) credits { return credits{window: window, dests: map[Dest]*account{}} }

func (c *credits) account(d Dest) *account {
	a := c.dests[d]
	if a == nil {
		if len(c.dests) == maxDests {
			panic("transport: slabs are sent to more than 65536 places of one peer")
		}
		a = new(account)
		c.dests[d] = a
	}
	return a
}

// take uses a credit, if there is one.
func (c *credits) take(d Dest) bool {
	a := c.account(d)
	if a.used == c.window {
		a.starved = true
		return false
	}
	a.used++
	return true
}

func (c *credits) left(d Dest) int {
	if a := c.dests[d]; a != nil {
		return c.window - a.used
	}
	return c.window
}

// give takes a grant. It reports whether a Send waits for it. No honest peer grants what was not sent to it; that is passed over.
func (c *credits) give(d Dest, n uint32) (fed bool) {
	a := c.dests[d]
	if a == nil || uint64(n) > uint64(a.used) {
		return false
	}
	a.used -= int(n)
	fed, a.starved = a.starved, false
	return fed
}

// reset gives all credits back. It returns whom a Send waits for.
func (c *credits) reset() (fed []Dest) {
	for d, a := range c.dests {
		if a.starved {
			fed = append(fed, d)
		}
	}
	c.dests = map[Dest]*account{}
	return fed
}
