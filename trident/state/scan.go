package state

import "fmt"

// Scan calls f with committed keys and values, at most limit of them, until it returns false. They come in an order that stays the same, by slice and then by key;
// those after the key named after, "" for the beginning. So a caller that gives it the last key it got sees every key that is there all the while. f must not keep or change the value, nor use the
// partition. It reads a slice of the state for each call.
func (p *Partition) Scan(after string, limit int, f func(key string, value []byte) bool) error {
	first := 0
	if after != "" {
		first = Group(after) / sliceGroups
	}
	for slice := first; slice < Slices && limit > 0; slice++ {
		if len(p.groups.units(slice)) == 0 {
			continue
		}
		err := p.store.Slice(slice, func(key string, stored []byte) bool {
			value, ok := p.alive(stored, p.point.Time)
			if !ok || after != "" && slice == first && key <= after {
				return true
			}
			limit--
			if !f(key, value) {
				limit = 0
			}
			return limit > 0
		})
		if err != nil {
			return fmt.Errorf("state %q: %w", p.o.Name, err)
		}
	}
	return nil
}
