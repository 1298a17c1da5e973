package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// FormOf says in one line how the codec of a type encodes, so that [ParseForm] reads its values where the type is not at hand:
//
//	bool, int .. uint64, float32, float64, string, bytes, time   as in the package's doc
//	list[FORM]                                                   a slice
//	pair[FORM, FORM]                                             a Pair
//	packed[TYPE]                                                 msgpack, of a type as Go writes it, with the tags json and msgpack
//
// The error is a *[TypeError]: of a type that holds itself, or has an encoding or a JSON of its own, only its program can read values.
func FormOf[T any]() (string, error) {
	c, err := For[T]()
	if err != nil {
		return "", err
	}
	t := reflect.TypeFor[T]()
	if _, err := typeText(t); err != nil {
		return "", err
	}
	f := formOf(c)
	if f == "" {
		return "", &TypeError{Type: t, Reason: "it has an encoding of its own, which only its program can read"}
	}
	return bounded(t, f)
}

// KeyFormOf says in one line what keys of a type are, for [ParseKeyForm]: their type as Go writes it. The errors are those of [Key] and [FormOf].
func KeyFormOf[K comparable]() (string, error) {
	if _, err := Key[K](); err != nil {
		return "", err
	}
	t := reflect.TypeFor[K]()
	f, err := typeText(t)
	if err != nil {
		return "", err
	}
	return bounded(t, f)
}

// maxForm is how many bytes a form may have.
const maxForm = 32 << 10

func bounded(t reflect.Type, form string) (string, error) {
	if len(form) > maxForm {
		return "", &TypeError{Type: t, Reason: fmt.Sprintf("what it is takes %d bytes to say, and %d is the most", len(form), maxForm)}
	}
	return form, nil
}

// formed is a codec that says how it encodes.
type formed interface{ form() string }

// formOf is the form of a codec, "" of one that is not of this package.
func formOf(c any) string {
	if f, ok := c.(formed); ok {
		return f.form()
	}
	return ""
}

func (boolCodec) form() string       { return "bool" }
func (signed[T]) form() string       { return reflect.TypeFor[T]().String() }
func (unsigned[T]) form() string     { return reflect.TypeFor[T]().String() }
func (float32Codec) form() string    { return "float32" }
func (float64Codec) form() string    { return "float64" }
func (stringCodec) form() string     { return "string" }
func (bytesCodec) form() string      { return "bytes" }
func (timeCodec) form() string       { return "time" }
func (d derived[T, U]) form() string { return formOf(d.codec) }

func (s sliceCodec[T]) form() string { return around("list", formOf(s.codec)) }

func (c pairCodec[K, V]) form() string { return around("pair", formOf(c.key), formOf(c.value)) }

func (p *packed[T]) form() string {
	text, err := typeText(p.t)
	if err != nil {
		return ""
	}
	return around("packed", text)
}

// around is a form that others are part of, "" when one of them is.
func around(what string, parts ...string) string {
	for _, p := range parts {
		if p == "" {
			return ""
		}
	}
	return what + "[" + strings.Join(parts, ", ") + "]"
}

// typeText is a type as Go writes it, its named types spelled out, and "time" for time.Time. The error is a *[TypeError].
func typeText(t reflect.Type) (string, error) {
	w := &typeWriter{}
	if m := w.write(t, ""); m != nil {
		return "", &TypeError{Type: t, Field: m.field, Reason: m.reason}
	}
	return w.b.String(), nil
}

// typeWriter writes a type.
type typeWriter struct {
	b      strings.Builder
	within []reflect.Type // that the type which is written is part of
}

var textMethods = []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler]()}

// write returns what of the type can't be said, nil when all can. The path is that of t.
func (w *typeWriter) write(t reflect.Type, path string) *misfit {
	if t == reflect.TypeFor[time.Time]() {
		w.b.WriteString("time")
		return nil
	}
	if selfMade(t) || has(t, textMethods) || t == reflect.TypeFor[json.Number]() {
		return &misfit{path, fmt.Sprintf("%v has an encoding of its own, which only its program can read", t)}
	}
	for _, outer := range w.within {
		if outer == t {
			return &misfit{path, fmt.Sprintf("%v holds itself, and only its program can read such values", t)}
		}
	}
	w.within = append(w.within, t)
	defer func() { w.within = w.within[:len(w.within)-1] }()
	return w.kind(t, path)
}

func (w *typeWriter) kind(t reflect.Type, path string) *misfit {
	switch t.Kind() {
	case reflect.Pointer:
		return w.after("*", t.Elem(), path)
	case reflect.Slice:
		return w.after("[]", t.Elem(), path+"[]")
	case reflect.Array:
		return w.after("["+strconv.Itoa(t.Len())+"]", t.Elem(), path+"[]")
	case reflect.Map:
		if m := w.after("map[", t.Key(), path+"[key]"); m != nil {
			return m
		}
		return w.after("]", t.Elem(), path+"[]")
	case reflect.Struct:
		return w.fields(t, path)
	}
	name := t.Kind().String()
	if t.Kind() == reflect.Interface {
		name = "any"
	}
	if _, ok := plainTypes[name]; !ok || t.Kind() == reflect.Interface && t.NumMethod() > 0 {
		return &misfit{path, fmt.Sprintf("a %v can't be read outside its program", t)}
	}
	w.b.WriteString(name)
	return nil
}

func (w *typeWriter) after(text string, t reflect.Type, path string) *misfit {
	w.b.WriteString(text)
	return w.write(t, path)
}

// fields writes those of a struct. What is not exported is never encoded.
func (w *typeWriter) fields(t reflect.Type, path string) *misfit {
	w.b.WriteString("struct{")
	separator := ""
	for f := range fieldsOf(t) {
		at := strings.TrimPrefix(path+"."+f.Name, ".")
		switch {
		case !f.IsExported() && f.Anonymous:
			return &misfit{at, "it is embedded, and its type's name is not exported: only its program can read it"}
		case !f.IsExported():
			continue
		case hasZero(f):
			return &misfit{at, "its type says itself what omitzero leaves out, and only its program knows"}
		}
		w.b.WriteString(separator + f.Name + " ")
		if m := w.write(f.Type, at); m != nil {
			return m
		}
		if tag := tagOf(f); tag != "" {
			w.b.WriteString(" " + strconv.Quote(tag))
		}
		separator = "; "
	}
	w.b.WriteString("}")
	return nil
}

// hasZero reports whether a field is left out of JSON when its type's own IsZero says so.
func hasZero(f reflect.StructField) bool {
	if !strings.Contains(f.Tag.Get("json"), "omitzero") || f.Type == reflect.TypeFor[time.Time]() {
		return false
	}
	_, own := reflect.PointerTo(f.Type).MethodByName("IsZero")
	return own
}

// embeddedTag is the tag of a field that is embedded.
const embeddedTag = "embedded"

// tagOf is what matters of a field's tag.
func tagOf(f reflect.StructField) string {
	var all []string
	for _, name := range []string{"msgpack", "json"} {
		if value, ok := f.Tag.Lookup(name); ok {
			all = append(all, name+":"+strconv.Quote(value))
		}
	}
	if f.Anonymous {
		all = append(all, embeddedTag+`:"true"`)
	}
	return strings.Join(all, " ")
}
