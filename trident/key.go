package trident

import (
	"fmt"
	"reflect"

	"github.com/galestream/gale/trident/codec"
)

// keyOf returns how keys of a type are encoded.
func keyOf[K comparable]() (codec.Keys[K], error) { return codec.Key[K]() }

// mustKey is keyOf for a type that was checked when the topology was declared.
func mustKey[K comparable]() func([]byte, K) []byte {
	k, err := keyOf[K]()
	if err != nil {
		panic(err)
	}
	return k.Append
}

// mustKeys is keyOf for a type that was checked.
func mustKeys[K comparable]() codec.Keys[K] {
	k, err := keyOf[K]()
	if err != nil {
		panic(err)
	}
	return k
}

// checkKey reports a type that can't be a key.
func checkKey[K comparable](n *node) {
	if _, err := keyOf[K](); err != nil {
		n.g.problem(n.name, "its key: %v", err)
	}
}

// describeState says how a state is read from outside.
func describeState[K comparable, V any](n *node, s *stateSpec) {
	s.key = reflect.TypeFor[K]().String()
	s.keyForm, s.valueForm = keyFormOf(reflect.TypeFor[K]()), formOf(reflect.TypeFor[V]())
	s.describe = descriptionFor[K, V]()
	c, err := codec.For[V]()
	if err != nil {
		n.g.problem(n.name, "its values can't be kept: %v", err)
		return
	}
	s.parse = func(text string) ([]byte, error) {
		k, err := codec.ParseKey[K](text)
		if err != nil {
			return nil, err
		}
		return mustKey[K]()(nil, k), nil
	}
	s.show = func(value []byte) ([]byte, error) {
		v, rest, err := c.Decode(value)
		if err != nil || len(rest) > 0 {
			return nil, fmt.Errorf("state %q: a value can't be read as a %s: %w", s.name, reflect.TypeFor[V](), err)
		}
		return []byte(codec.Text(v)), nil
	}
}

// choiceError says that an author's function has chosen a task that isn't there.
type choiceError struct{ chosen, tasks int }

func (e *choiceError) Error() string {
	return fmt.Sprintf("a custom partitioning has chosen task %d of %d", e.chosen, e.tasks)
}

// isNil reports whether f is a nil function.
func isNil(f any) bool {
	v := reflect.ValueOf(f)
	return !v.IsValid() || v.Kind() == reflect.Func && v.IsNil()
}
