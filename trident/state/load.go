package state

import (
	"context"
	"fmt"
	"math"
)

// candidate is a snapshot that is stored.
type candidate struct {
	name   string
	groups span
	slot   int
	image  image
}

// bySlice returns the snapshots that meet the partition's groups.
func (r *replay) bySlice(names []string) (slices [Slices][]candidate) {
	for _, name := range names {
		groups, slot, ok := parseSnapshotName(r.p.o.Name, name)
		if ok && groups.meets(r.p.groups) {
			s := groups.low / sliceGroups
			slices[s] = append(slices[s], candidate{name: name, groups: groups, slot: slot})
		}
	}
	return slices
}

// load fills the store, which is empty, from snapshots: for each group the newest.
func (r *replay) load(ctx context.Context, names []string) error {
	r.from, r.low = math.MaxUint64, math.MaxUint64
	for slice, candidates := range r.bySlice(names) {
		if !r.p.groups.meets(span{slice * sliceGroups, (slice + 1) * sliceGroups}) {
			continue
		}
		for i := range candidates {
			if err := r.fetch(ctx, &candidates[i]); err != nil {
				return err
			}
		}
		if err := r.choose(slice, candidates); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) fetch(ctx context.Context, c *candidate) error {
	data, err := r.p.o.Log.Snapshot(ctx, c.name)
	if err != nil {
		return err
	}
	i, err := decodeImage(data)
	switch {
	case err != nil:
		return r.p.badSnapshot(c.name, err.Error())
	case i.state != r.p.o.Name || i.groups != c.groups:
		return r.p.badSnapshot(c.name, "it is of something else")
	case i.txid > r.committed:
		return r.p.badSnapshot(c.name, fmt.Sprintf("it is of batch %d, and the log's last commit is of %d: the log is not the one it was made from", i.txid, r.committed))
	}
	c.image = i
	r.p.stored(c.groups, c.slot, kept{i.txid, i.base})
	return nil
}

// choose applies to each of the slice's groups the newest snapshot from which the log goes on.
func (r *replay) choose(slice int, candidates []candidate) error {
	part := r.p.groups.cut(slice)
	var chosen [sliceGroups]*candidate
	for g := part.low; g < part.high; g++ {
		best := r.best(g, candidates)
		chosen[g%sliceGroups] = best
		if err := r.start(g, best, candidates); err != nil {
			return err
		}
	}
	for i := range candidates {
		if err := r.apply(&candidates[i], chosen[:], part); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) best(group int, candidates []candidate) (best *candidate) {
	for i := range candidates {
		c := &candidates[i]
		if c.groups.has(group) && c.image.base >= r.first && (best == nil || c.image.txid > best.image.txid) {
			best = c
		}
	}
	return best
}

// start notes from where on the log is read for a group.
func (r *replay) start(group int, best *candidate, candidates []candidate) error {
	from, txid := r.p.cycle.birth.base, uint64(0)
	if best != nil {
		from, txid = best.image.base, best.image.txid
		r.time = max(r.time, best.image.time)
	}
	if from < r.first {
		return r.lost(group, candidates)
	}
	r.from, r.low, r.done[group] = min(r.from, from), min(r.low, txid), txid
	return nil
}

func (r *replay) lost(group int, candidates []candidate) error {
	name := snapshotName(r.p.o.Name, r.p.groups.units(group / sliceGroups)[0], 0)
	for _, c := range candidates {
		name = c.name
	}
	return r.p.badSnapshot(name, fmt.Sprintf("group %d needs the log from before %d, where it has been trimmed: the snapshot that was newer is missing", group, r.first))
}

// apply puts what a snapshot has of the groups it was chosen for.
func (r *replay) apply(c *candidate, chosen []*candidate, part span) error {
	var damaged error
	err := r.p.store.Apply(Point{}, func(yield func(string, []byte) bool) {
		damaged = eachChange(c.image.entries, string(c.image.entries), func(key string, value []byte) bool {
			g := Group(key)
			if !part.has(g) || chosen[g%sliceGroups] != c {
				return true
			}
			return yield(key, r.restamp(&c.image, value))
		})
	})
	if damaged != nil {
		return r.p.badSnapshot(c.name, damaged.Error())
	}
	return err
}

// restamp makes of a snapshot's value one as the store keeps it now: the snapshot may be of a time with a TTL, or without.
func (r *replay) restamp(i *image, value []byte) []byte {
	switch {
	case i.stamped && r.p.o.TTL == 0:
		_, value = unwrap(value)
	case !i.stamped && r.p.o.TTL > 0:
		value = r.p.wrap(value, i.time)
	}
	return value
}
