package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// bounds are the values that a field admits: those from low to high, or those listed. The zero
// bounds admit all.
type bounds struct {
	text      string // as in the tag
	low, high reflect.Value
	oneOf     []string
}

// boundsOf reads the tag range:"low..high" or range:"one|two" of a field of struct t.
func boundsOf(t reflect.Type, f reflect.StructField) bounds {
	text := f.Tag.Get("range")
	low, high, isRange := strings.Cut(text, "..")
	typ := f.Type
	if k := typ.Kind(); k == reflect.Slice || k == reflect.Map {
		typ = typ.Elem()
	}
	switch {
	case text == "":
		return bounds{}
	case !isRange && typ.Kind() == reflect.String:
		return bounds{text: text, oneOf: strings.Split(text, "|")}
	}
	b := bounds{text: text, low: reflect.New(typ).Elem(), high: reflect.New(typ).Elem()}
	if !(field{typ: typ}).isScalar() || parse(b.low, low) != nil || parse(b.high, high) != nil || compare(b.low, b.high) > 0 {
		panic(fmt.Sprintf("config: field %s of %v: the range %q is not one of a %v", f.Name, t, text, f.Type))
	}
	return b
}

// admit reports whether v is within the bounds; a list or map is when its elements are.
func (b bounds) admit(v reflect.Value) bool {
	switch {
	case b.text == "":
		return true
	case v.Kind() == reflect.Slice, v.Kind() == reflect.Map:
		for _, e := range v.Seq2() {
			if !b.admit(e) {
				return false
			}
		}
		return true
	case b.oneOf != nil:
		return slices.Contains(b.oneOf, v.String())
	}
	return compare(b.low, v) <= 0 && compare(v, b.high) <= 0
}

func (b bounds) in() string {
	if b.text == "" {
		return ""
	}
	return " in " + b.text
}

func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.String(), b.String())
}
