package worker

// random is splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014): its numbers don't repeat within 2^64 draws, and seeds that differ
// in one bit give unrelated sequences.
type random uint64

func newRandom(seed uint64, salt uint64) random {
	r := random(seed)
	return random(r.next() ^ salt*0xd1342543de82ef95)
}

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// edge is never 0: XOR would not see it.
func (r *random) edge() uint64 {
	for {
		if e := r.next(); e != 0 {
			return e
		}
	}
}

// below returns a number in [0, n), n at most 2^32, by multiplication (Lemire 2019) without the
// correction of its bias, which is below n/2^32.
func (r *random) below(n int) int {
	return int(r.next() >> 32 * uint64(n) >> 32)
}

// float returns a number in [0, 1).
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }
