package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// leaf is a key that has a value of its own, with the value that it has in a Config.
type leaf struct {
	key   string // dotted
	field field
	value reflect.Value // may be set during the visit
}

// each visits the leaves under v in the order in which they are declared, components by
// id. v must be settable; maps and settings on the way are replaced by copies.
func each(v reflect.Value, f field, key string, visit func(leaf)) {
	switch {
	case f.isScalar():
		visit(leaf{key, f, v})
	case f.typ.Kind() == reflect.Struct:
		for _, sub := range fieldsOf(f.typ) {
			each(v.Field(sub.index), sub, join(key, sub.key), visit)
		}
	case f.isMap() && f.element().isSection():
		eachEntry(v, f.element(), key, visit)
	case f.typ == settingsType && declaresStruct(v):
		overlay(v, func(s reflect.Value) { each(s, field{typ: s.Type()}, key, visit) })
	default:
		visit(leaf{key, f, v})
	}
}

func eachEntry(v reflect.Value, element field, key string, visit func(leaf)) {
	entries := copyMap(v)
	for _, k := range sortedKeys(v) {
		e := reflect.New(element.typ).Elem()
		e.Set(v.MapIndex(k))
		each(e, element, join(key, k.String()), visit)
		entries.SetMapIndex(k, e)
	}
	if !v.IsNil() {
		v.Set(entries)
	}
}

func join(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

func copyMap(v reflect.Value) reflect.Value {
	m := reflect.MakeMap(v.Type())
	for k, e := range v.Seq2() {
		m.SetMapIndex(k, e)
	}
	return m
}

func sortedKeys(v reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int {
		return strings.Compare(a.String(), b.String())
	})
}

// declaresStruct reports whether the settings v hold a struct or a pointer to one.
func declaresStruct(v reflect.Value) bool {
	if v.IsNil() {
		return false
	}
	t := v.Elem().Type()
	return t.Kind() == reflect.Struct || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}

// overlay has change work on a copy of the struct that the settings v hold, and makes v
// hold the copy: the one before belongs to the program and may be in use.
func overlay(v reflect.Value, change func(reflect.Value)) {
	declared := v.Elem()
	if declared.Kind() == reflect.Struct {
		s := reflect.New(declared.Type()).Elem()
		s.Set(declared)
		change(s)
		v.Set(s)
		return
	}
	s := reflect.New(declared.Type().Elem())
	if !declared.IsNil() {
		s.Elem().Set(declared.Elem())
	}
	change(s.Elem())
	v.Set(s)
}

// keys returns the keys of all leaves of c.
func (c Config) keys() []string {
	known := map[string]bool{}
	each(reflect.ValueOf(&c).Elem(), field{typ: configType}, "", func(l leaf) { known[l.key] = true })
	return slices.Sorted(maps.Keys(known))
}
