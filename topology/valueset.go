package topology

import (
	"fmt"
	"math"
	"reflect"
	"time"
)

// Of wraps a value of any type for Emit: one of the closed set below as it is,
// one of a type registered with [Register] as an object. Emit takes the closed set
// without it, and takes nothing else: an Emit that kept its arguments would
// allocate for every value of every tuple.
//
// The set is nil, bool, the integers, float32, float64, string, []byte,
// time.Time, []any and map[string]any (of members of the set), and Value itself.
// Lists and maps are copied. Of panics with a *[TypeError] on a list or map
// that holds something else and on an unsigned integer above the largest int64.
func Of(x any) Value {
	var v Value
	err := v.set(x)
	if err == nil {
		return v
	}
	switch x.(type) {
	case []any, map[string]any, uint, uint64:
		panic(err)
	}
	v.setObject(x)
	return v
}

// TypeError says that a value can't be part of a tuple.
type TypeError struct {
	Type   string // the Go type
	Reason string // what is wrong with it, and what to do
}

// Error describes the type and what to do about it.
func (e *TypeError) Error() string {
	return fmt.Sprintf("a value of type %s can't be emitted: %s", e.Type, e.Reason)
}

// set stores x when it is of the closed set.
//
// It must not let x, or anything that x holds directly, escape: that is what
// keeps Emit's arguments on its caller's stack. So there is no case for pointers
// or maps as they are (a map is copied), and no call that takes x.
func (v *Value) set(x any) error {
	switch x := x.(type) {
	case string:
		v.setString(x)
	case int:
		v.setMarked(uint64(x), markInt)
	case int64:
		v.setMarked(uint64(x), markInt)
	case float64:
		v.setMarked(math.Float64bits(x), markFloat)
	case []byte:
		v.setBytes(x)
	case bool:
		v.setBool(x)
	case Value:
		*v = x
	case time.Time:
		v.setTime(x)
	case nil:
		*v = Value{}
	default:
		return v.setRare(x)
	}
	return nil
}

func (v *Value) setRare(x any) error {
	switch x := x.(type) {
	case int32:
		v.setMarked(uint64(x), markInt)
	case int16:
		v.setMarked(uint64(x), markInt)
	case int8:
		v.setMarked(uint64(x), markInt)
	case uint:
		return v.setUnsigned(uint64(x), "uint")
	case uint64:
		return v.setUnsigned(x, "uint64")
	case uint32:
		v.setMarked(uint64(x), markInt)
	case uint16:
		v.setMarked(uint64(x), markInt)
	case uint8:
		v.setMarked(uint64(x), markInt)
	case float32:
		v.setMarked(math.Float64bits(float64(x)), markFloat)
	default:
		return v.setComposite(x)
	}
	return nil
}

func (v *Value) setUnsigned(n uint64, typ string) error {
	if n > math.MaxInt64 {
		return &TypeError{Type: typ, Reason: "it is above the largest int64; emit it as a string or as bytes"}
	}
	v.setMarked(n, markInt)
	return nil
}

func (v *Value) setComposite(x any) error {
	switch x := x.(type) {
	case []any:
		l, err := copyList(x, maxNesting)
		if err != nil {
			return err
		}
		v.setList(l)
	case map[string]any:
		m, err := copyMap(x, maxNesting)
		if err != nil {
			return err
		}
		v.setMap(m)
	default:
		return &TypeError{Type: reflect.TypeOf(x).String(), Reason: "register the type once with topology.Register and wrap the value: topology.Of(x)"}
	}
	return nil
}

// maxNesting bounds lists and maps within lists and maps, so that one that holds
// itself is an error and not an endless copy.
const maxNesting = 64

func copyList(l []any, depth int) ([]any, error) {
	c := make([]any, len(l))
	for i, x := range l {
		y, err := copyMember(x, depth-1)
		if err != nil {
			return nil, err
		}
		c[i] = y
	}
	return c, nil
}

func copyMap(m map[string]any, depth int) (map[string]any, error) {
	c := make(map[string]any, len(m))
	for k, x := range m {
		y, err := copyMember(x, depth-1)
		if err != nil {
			return nil, err
		}
		c[k] = y
	}
	return c, nil
}

func copyMember(x any, depth int) (any, error) {
	if depth == 0 {
		return nil, tooDeep(x)
	}
	switch x := x.(type) {
	case []any:
		return copyList(x, depth)
	case map[string]any:
		return copyMap(x, depth)
	}
	var v Value
	if err := v.set(x); err != nil {
		return nil, err
	}
	return v.Any(), nil
}

func tooDeep(x any) error {
	typ := "nil"
	if x != nil {
		typ = reflect.TypeOf(x).String()
	}
	return &TypeError{Type: typ, Reason: fmt.Sprintf("it is nested deeper than %d", maxNesting)}
}
