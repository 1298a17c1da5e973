package trident

import (
	"unsafe"

	"github.com/galestream/gale/trident/codec"
)

// persisting keeps an aggregate for each key in a state.
type persisting[K comparable, T, A any] struct {
	name    string
	key     func(T) K
	parts   Parts[T, A]
	values  *values[K, A]
	out     pusher[Pair[K, A]]
	wanted  bool           // somebody reads the updates
	touched map[K]struct{} // in this batch, if they are wanted
}

func newPersisting[K comparable, T, A any](p *pipeline, n *node, spec *stateSpec, key func(T) K, parts Parts[T, A]) *persisting[K, T, A] {
	return &persisting[K, T, A]{
		name: n.name, key: key, parts: parts, values: newValues[K, A](p, spec), out: outputOf[Pair[K, A]](p, n),
		wanted: len(n.downs)+len(n.outs) > 0, touched: map[K]struct{}{},
	}
}

func (s *persisting[K, T, A]) push(xs []T) (err error) {
	defer guard(s.name, &err)
	for _, x := range xs {
		k := s.key(x)
		a, found, err := s.values.get(k)
		if err != nil {
			return err
		}
		if found {
			a = s.parts.Add(a, x)
		} else {
			a = s.parts.First(x)
		}
		if err := s.values.put(k, a); err != nil {
			return err
		}
		if s.wanted {
			s.touched[k] = struct{}{}
		}
	}
	return nil
}

func (s *persisting[K, T, A]) end() (err error) {
	defer guard(s.name, &err)
	if len(s.touched) > 0 {
		pairs := make([]Pair[K, A], 0, len(s.touched))
		for k := range s.touched {
			a, _, err := s.values.get(k)
			if err != nil {
				return err
			}
			pairs = append(pairs, Pair[K, A]{Key: k, Value: a})
		}
		clear(s.touched)
		if err := s.out.push(pairs); err != nil {
			return err
		}
	}
	return s.out.end()
}

// values is a state's partition as an operator of types K and V sees it.
type values[K comparable, V any] struct {
	part   *statePart
	encode func([]byte, K) []byte
	codec  codec.Codec[V]
	key    []byte
	value  []byte
}

func newValues[K comparable, V any](p *pipeline, spec *stateSpec) *values[K, V] {
	c, _ := codec.For[V]() // checked when the state was declared
	return &values[K, V]{part: p.task.stateOf(spec), encode: mustKey[K](), codec: c}
}

func (v *values[K, V]) get(k K) (x V, found bool, err error) {
	v.key = v.encode(v.key[:0], k)
	return v.decode(v.part.part.Get(textOf(v.key)))
}

// committed is get without what batches that aren't committed have written.
func (v *values[K, V]) committed(k K) (x V, found bool, err error) {
	if !v.part.recovered {
		return x, false, errNotReady // half of it may be there
	}
	v.key = v.encode(v.key[:0], k)
	return v.decode(v.part.part.Committed(textOf(v.key)))
}

// textOf is b as a string that shares its memory: for what doesn't keep it.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (v *values[K, V]) decode(b []byte, found bool, err error) (x V, ok bool, _ error) {
	if !found || err != nil {
		return x, false, err
	}
	x, rest, err := v.codec.Decode(b)
	if err != nil || len(rest) > 0 {
		return x, false, v.part.unreadable(v.key, err)
	}
	return x, true, nil
}

func (v *values[K, V]) put(k K, x V) (err error) {
	v.key = v.encode(v.key[:0], k)
	if v.value, err = v.codec.Append(v.value[:0], x); err != nil {
		return err
	}
	return v.part.part.Put(v.own(k), v.value)
}

func (v *values[K, V]) remove(k K) error {
	v.key = v.encode(v.key[:0], k)
	return v.part.part.Delete(v.own(k))
}

// own returns the encoded key, which is v.key, for keeping.
func (v *values[K, V]) own(k K) string {
	if s, ok := any(k).(string); ok {
		return s
	}
	return string(v.key)
}
