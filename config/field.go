package config

import (
	"cmp"
	"encoding"
	"reflect"
	"strings"
	"time"
	"unicode"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	settingsType = reflect.TypeFor[Settings]()
	secretType   = reflect.TypeFor[Secret]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// field is one key of a section, as the tags of a struct's field describe it.
type field struct {
	key      string // within its section
	index    int    // within its struct
	typ      reflect.Type
	doc      string
	fallback string // the default; empty where the zero value means that nothing is set
	bounds   bounds
}

// fieldsOf returns the fields of a struct type that are keys: those that are exported and
// not tagged yaml:"-". It panics when a tag is wrong, which is a mistake in the program.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || key == "-" {
			continue
		}
		if key == "" {
			key = hyphenated(f.Name)
		}
		fields = append(fields, field{
			key: key, index: i, typ: f.Type, doc: f.Tag.Get("doc"), fallback: f.Tag.Get("default"),
			bounds: boundsOf(t, f),
		})
	}
	return fields
}

// hyphenated returns a Go name in the manner of keys: MaxAge is max-age, HTTPPort http-port.
func hyphenated(name string) string {
	var b strings.Builder
	r := []rune(name)
	for i, c := range r {
		begins := unicode.IsUpper(c) && i > 0 &&
			(!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1]))
		if begins {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// element returns the field that each element of a list or map is.
func (f field) element() field { return field{typ: f.typ.Elem(), bounds: f.bounds} }

// isScalar reports whether the field is a single value.
func (f field) isScalar() bool {
	switch f.typ.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return f.readsText()
}

func (f field) readsText() bool { return reflect.PointerTo(f.typ).Implements(textType) }

// isText reports whether the value is text in YAML too, rather than a number or bool.
func (f field) isText() bool {
	return f.typ == durationType || f.typ.Kind() == reflect.String || f.readsText()
}

func (f field) isSection() bool {
	return !f.isScalar() && (f.typ.Kind() == reflect.Struct || f.isMap())
}

func (f field) isMap() bool {
	return f.typ.Kind() == reflect.Map && f.typ.Key().Kind() == reflect.String
}

// expects says what a value of the field must be, to follow "must be".
func (f field) expects() string {
	switch {
	case f.typ == durationType:
		return "a duration" + f.bounds.in() + " such as 30s"
	case f.bounds.oneOf != nil:
		return "one of " + strings.Join(f.bounds.oneOf, ", ")
	case f.isText():
		return "text"
	case f.isSection(), f.typ == settingsType:
		return "a section"
	}
	switch f.typ.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number" + f.bounds.in()
	case reflect.Slice:
		return "a list"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number" + cmp.Or(f.bounds.in(), " that is not negative")
	}
	return "a whole number" + f.bounds.in()
}
