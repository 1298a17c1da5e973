package config

import (
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

func (d *decoder) decodeMap(n ast.Node, v reflect.Value, f field, key string) {
	pairs, ok := d.pairs(n, key)
	if !ok {
		d.mismatch(n, f, key)
		return
	}
	entries := copyMap(v)
	for _, p := range pairs {
		k := reflect.ValueOf(p.key).Convert(f.typ.Key())
		e := reflect.New(f.typ.Elem()).Elem()
		if old := v.MapIndex(k); old.IsValid() {
			e.Set(old)
		} else if d.closed && f.typ.Elem() == componentType {
			d.unknownComponent(p, v)
			continue
		}
		d.decode(p.value, e, f.element(), join(key, p.key))
		entries.SetMapIndex(k, e)
	}
	v.Set(entries)
}

var componentType = reflect.TypeFor[Component]()

func (d *decoder) unknownComponent(p pair, components reflect.Value) {
	var ids []string
	for _, k := range sortedKeys(components) {
		ids = append(ids, k.String())
	}
	d.problemAt(p.at, "there is no component %q%s", cut(p.key), d.hint(p.key, ids))
}

func (d *decoder) decodeList(n ast.Node, v reflect.Value, f field, key string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.mismatch(n, f, key)
		return
	}
	elements := reflect.MakeSlice(f.typ, len(list.Values), len(list.Values))
	for i, e := range list.Values {
		d.decode(e, elements.Index(i), f.element(), key+"["+strconv.Itoa(i)+"]")
	}
	v.Set(elements)
}

func (d *decoder) decodeSettings(n ast.Node, v reflect.Value, key string) {
	switch {
	case declaresStruct(v):
		overlay(v, func(s reflect.Value) { d.decodeStruct(n, s, field{typ: s.Type()}, key) })
	case v.IsNil() && d.closed:
		d.problem(n, "%s: the program declares no settings of this component", key)
	case v.IsNil() || v.Elem().Type() == plainType:
		m := reflect.New(plainType).Elem()
		if !v.IsNil() {
			m.Set(v.Elem())
		}
		d.decodeMap(n, m, field{typ: plainType}, key)
		v.Set(m)
	default:
		d.problem(n, "%s can't be configured: the program declares a %v", key, v.Elem().Type())
	}
}

var plainType = reflect.TypeFor[map[string]any]()

// decodeAny sets v to the value that the node has by itself: nil, a bool, int64, uint64,
// float64, string, []any or map[string]any.
func (d *decoder) decodeAny(n ast.Node, v reflect.Value, key string) {
	var x any
	switch n := n.(type) {
	case *ast.NullNode:
		v.SetZero()
		return
	case *ast.SequenceNode:
		x = decodeAs[[]any](d, n, key)
	case *ast.MappingNode, *ast.MappingValueNode:
		x = decodeAs[map[string]any](d, n, key)
	default:
		s, ok := scalarOf(n)
		if !ok {
			d.problem(n, "%s has no value", key)
			return
		}
		x = s.plain()
	}
	v.Set(reflect.ValueOf(x))
}

func decodeAs[T any](d *decoder, n ast.Node, key string) T {
	var x T
	d.decode(n, reflect.ValueOf(&x).Elem(), field{typ: reflect.TypeFor[T]()}, key)
	return x
}
