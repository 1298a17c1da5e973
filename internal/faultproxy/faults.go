package faultproxy

import "time"

// Direction is one way through a proxy, or both.
type Direction uint8

// The directions.
const (
	ToServer Direction = 1 << iota // from clients to the target
	ToClient                       // from the target to clients
	Both     = ToServer | ToClient
)

func (d Direction) reverse() Direction { return Both &^ d }

// Faults are what happens to bytes on their way. The zero value lets them pass.
type Faults struct {
	Delay     time.Duration // for each byte, however many are on their way
	Jitter    time.Duration // at most so much is added to Delay, at random; the order stays
	Seed      uint64        // what Jitter starts from
	Bandwidth int           // bytes per second of each connection; 0 for no limit
	Drop      bool          // all vanishes, with what is on its way now; the connections stay
}

// after returns how long bytes are on their way, of which luck in [0, 1) is random.
func (f Faults) after(luck float64) time.Duration {
	return f.Delay + time.Duration(luck*float64(f.Jitter))
}

// piece returns how many of n bytes go at a time: what passes in a hundredth of a second.
func (f Faults) piece(n int) int {
	if f.Bandwidth == 0 {
		return n
	}
	return min(n, max(1, f.Bandwidth/100))
}

// takes returns how long n bytes need.
func (f Faults) takes(n int) time.Duration {
	if f.Bandwidth == 0 {
		return 0
	}
	return time.Duration(float64(n) / float64(f.Bandwidth) * float64(time.Second))
}
