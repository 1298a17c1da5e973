package trident

// Update keeps a value for each key over all batches, exactly once, that f makes anew from all records of the key in a batch: at least one, in the
// order they come in. found is false when the key has no value; with keep false it has none afterwards, and is not among the table's
// Updates. f must not change xs nor what old points to. The name is that of the state, as for [PersistentAggregate], which is the better choice where
// an aggregator will do: here the records themselves travel to the task that has the key, and are held until their batch has ended.
func Update[K comparable, T, V any](g Grouped[K, T], name string, f func(key K, old V, found bool, xs []T) (v V, keep bool), options ...StateOption) Table[K, V] {
	n := g.n.given("Update").g.add(name, "state", g.n.group)
	if f == nil {
		n.g.problem(name, "Update has no function")
	}
	spec := declare[K, V](n, "map", options)
	exchangeTo(g.n, n, "key", func() sharing[T] { return byKey(g.key, mustKey[K]()) })
	n.head = func(p *pipeline) head {
		return headOver(n, pusher[T](&updating[K, T, V]{
			name: n.name, key: g.key, f: f, values: newValues[K, V](p, spec), out: outputOf[Pair[K, V]](p, n),
		}))
	}
	return Table[K, V]{n, spec}
}

// updating gathers a batch's records by key, and updates a state by them.
type updating[K comparable, T, V any] struct {
	name   string
	key    func(T) K
	f      func(K, V, bool, []T) (V, bool)
	values *values[K, V]
	out    pusher[Pair[K, V]]
	groups map[K][]T
}

func (u *updating[K, T, V]) push(xs []T) (err error) {
	defer guard(u.name, &err)
	if u.groups == nil {
		u.groups = map[K][]T{}
	}
	for _, x := range xs {
		k := u.key(x)
		u.groups[k] = append(u.groups[k], x)
	}
	return nil
}

func (u *updating[K, T, V]) end() (err error) {
	defer guard(u.name, &err)
	pairs := make([]Pair[K, V], 0, len(u.groups))
	for k, xs := range u.groups {
		v, keep, err := u.update(k, xs)
		if err != nil {
			return err
		}
		if keep {
			pairs = append(pairs, Pair[K, V]{Key: k, Value: v})
		}
	}
	clear(u.groups)
	if len(pairs) > 0 {
		if err := u.out.push(pairs); err != nil {
			return err
		}
	}
	return u.out.end()
}

func (u *updating[K, T, V]) update(k K, xs []T) (v V, keep bool, err error) {
	old, found, err := u.values.get(k)
	if err != nil {
		return v, false, err
	}
	v, keep = u.f(k, old, found, xs)
	switch {
	case keep:
		err = u.values.put(k, v)
	case found:
		err = u.values.remove(k)
	}
	return v, keep, err
}
