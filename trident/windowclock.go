package trident

import (
	"container/heap"
	"math"
)

// never is a time before all others, far enough from the least number to be reckoned with.
const never = math.MinInt64 / 4

// calendar has the keys with open windows by the end of the first of these.
type calendar[K comparable] struct {
	keys  map[int64]map[K]struct{}
	ends  map[K]int64
	order times // all of keys, and ends that have been
}

func newCalendar[K comparable]() calendar[K] {
	return calendar[K]{keys: map[int64]map[K]struct{}{}, ends: map[K]int64{}}
}

// set notes when a key's first open window ends; false says that it has none.
func (c *calendar[K]) set(k K, end int64, open bool) {
	if was, ok := c.ends[k]; ok {
		if was == end && open {
			return
		}
		delete(c.ends, k)
		if delete(c.keys[was], k); len(c.keys[was]) == 0 {
			delete(c.keys, was)
		}
	}
	if !open {
		return
	}
	c.ends[k] = end
	if c.keys[end] == nil {
		c.keys[end] = map[K]struct{}{}
		heap.Push(&c.order, end)
	}
	c.keys[end][k] = struct{}{}
}

// first returns the end of the window that ends first; false when none is open.
func (c *calendar[K]) first() (end int64, ok bool) {
	for len(c.order) > 0 && c.keys[c.order[0]] == nil {
		heap.Pop(&c.order)
	}
	if len(c.order) == 0 {
		return 0, false
	}
	return c.order[0], true
}

// take returns the keys whose first open window ends at end.
func (c *calendar[K]) take(end int64) (keys []K) {
	for k := range c.keys[end] {
		keys = append(keys, k)
	}
	return keys
}

// times is a heap.
type times []int64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(int64)) }
func (t *times) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
