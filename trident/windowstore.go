package trident

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/galestream/gale/trident/codec"
	"github.com/galestream/gale/trident/state"
)

// Keys of a windowed stream's state begin with what they are.
const (
	contentKey = 'k' // then the key: what its windows hold
	markKey    = 'm' // up to which time windows have closed
)

// marks is how many marks there are: one in every 16th key group, so that each of up to 64 tasks has at least one, whatever the number of tasks was before.
const marks = 64

// markKeys are keys that fall into every 16th group.
var markKeys = sync.OnceValue(func() (keys [marks]string) {
	for i := range keys {
		for salt := 0; keys[i] == "" || state.Group(keys[i]) != i*state.Groups/marks; salt++ {
			keys[i] = string(markKey) + strconv.Itoa(salt)
		}
	}
	return keys
})

// windowStore is a windowed stream's state as an operator sees it.
type windowStore[K comparable, V any] struct {
	part  *statePart
	key   func(b []byte, k K) []byte
	codec codec.Codec[content[V]]
	buf   []byte
	value []byte
}

// contentKeyOf returns how the keys of windows are encoded.
func contentKeyOf[K comparable]() func(b []byte, k K) []byte {
	encode := mustKey[K]()
	return func(b []byte, k K) []byte { return encode(append(b, contentKey), k) }
}

func newWindowStore[K comparable, V any](p *pipeline, spec *stateSpec) *windowStore[K, V] {
	c, _ := codec.For[content[V]]() // checked when the state was declared
	return &windowStore[K, V]{part: p.task.stateOf(spec), key: contentKeyOf[K](), codec: c}
}

// get returns what a key's windows hold, nothing when there is nothing.
func (s *windowStore[K, V]) get(k K) (c content[V], err error) {
	s.buf = s.key(s.buf[:0], k)
	b, found, err := s.part.part.Get(textOf(s.buf))
	if !found || err != nil {
		return c, err
	}
	return s.decode(s.buf, b)
}

func (s *windowStore[K, V]) decode(key, b []byte) (content[V], error) {
	c, rest, err := s.codec.Decode(b)
	if err != nil || len(rest) > 0 {
		return c, s.part.unreadable(key, err)
	}
	return c, nil
}

// put keeps what a key's windows hold; nothing is kept of one that holds nothing.
func (s *windowStore[K, V]) put(k K, c content[V]) (err error) {
	key := string(s.key(s.buf[:0], k))
	if len(c.Value) == 0 {
		return s.part.part.Delete(key)
	}
	if s.value, err = s.codec.Append(s.value[:0], c); err != nil {
		return err
	}
	return s.part.part.Put(key, s.value)
}

// copied is a copy of panes that shares nothing with them.
func (s *windowStore[K, V]) copied(ps panes[V]) (panes[V], error) {
	var err error
	if s.value, err = s.codec.Append(s.value[:0], content[V]{Value: ps}); err != nil {
		return nil, err
	}
	c, err := s.decode(nil, s.value)
	return c.Value, err
}

// mark keeps up to which time windows have closed.
func (s *windowStore[K, V]) mark(closed int64) (err error) {
	if s.value, err = s.codec.Append(s.value[:0], content[V]{Key: closed}); err != nil {
		return err
	}
	for _, key := range s.ownMarks() {
		if err := s.part.part.Put(key, s.value); err != nil {
			return err
		}
	}
	return nil
}

func (s *windowStore[K, V]) ownMarks() []string {
	from, to := marksOf(s.part.t.tc.Index, s.part.t.tasks())
	keys := markKeys()
	return keys[from:to]
}

// marksOf returns which marks are a task's, of so many.
func marksOf(index, tasks int) (from, to int) {
	return (index*marks + tasks - 1) / tasks, ((index+1)*marks + tasks - 1) / tasks
}

// load calls f with what is committed for each key, and returns the latest mark; nothing may be under way.
func (s *windowStore[K, V]) load(f func(k K, c content[V])) (closed int64, err error) {
	if s.part.t.tasks() > marks {
		return 0, fmt.Errorf("state %q: windows by time can be shared among %d tasks, not %d", s.part.spec.name, marks, s.part.t.tasks())
	}
	keys, err := keyOf[K]()
	closed = never
	each := func(key string, value []byte) bool {
		var c content[V]
		if c, err = s.decode([]byte(key), value); err != nil {
			return false
		}
		if key[0] == markKey {
			closed = max(closed, c.Key)
			return true
		}
		var k K
		if k, err = keys.Decode([]byte(key[1:])); err == nil {
			f(k, c)
		}
		return err == nil
	}
	for slice := 0; slice < state.Slices && err == nil; slice++ {
		if failed := s.part.kept.Slice(slice, each); err == nil {
			err = failed
		}
	}
	return closed, err
}
