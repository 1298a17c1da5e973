package config

import (
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder sets values to what a YAML document says, and collects what is wrong with it:
// unlike the library's own decoder it goes on after a mistake.
type decoder struct {
	problems *problems
	place    func(line, column int) string
	known    []string // all keys there are, for the hint at a key that stands in the wrong section
	closed   bool     // components are those that the program declares
}

func (d *decoder) problem(n ast.Node, format string, args ...any) {
	d.problemAt(tokenOf(n), format, args...)
}

func (d *decoder) problemAt(t *token.Token, format string, args ...any) {
	at := syntaxErrorAt(t, "")
	d.problems.add(d.place(at.line, at.column), format, args...)
}

// decode sets v, which must be settable, to what n says.
func (d *decoder) decode(n ast.Node, v reflect.Value, f field, key string) {
	switch {
	case d.refuses(n):
	case f.isScalar():
		d.decodeScalar(n, v, f, key)
	case f.typ == settingsType:
		d.decodeSettings(n, v, key)
	case f.typ.Kind() == reflect.Struct:
		d.decodeStruct(n, v, f, key)
	case f.isMap():
		d.decodeMap(n, v, f, key)
	case f.typ.Kind() == reflect.Slice:
		d.decodeList(n, v, f, key)
	case f.typ.Kind() == reflect.Interface && f.typ.NumMethod() == 0:
		d.decodeAny(n, v, key)
	default:
		d.problem(n, "%s can't be configured: it is a %v of the program", key, f.typ)
	}
}

func (d *decoder) refuses(n ast.Node) bool {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode, *ast.DirectiveNode:
		d.problem(n, "anchors, aliases, merge keys and tags are not supported: write the value out")
		return true
	}
	return false
}

func (d *decoder) decodeScalar(n ast.Node, v reflect.Value, f field, key string) {
	s, ok := scalarOf(n)
	switch {
	case !ok:
		d.mismatch(n, f, key)
	case s.isText && !f.isText():
		d.problem(n, "%s is %s, must be %s", key, s.shown(), f.expects())
	case !s.isText && f.typ == secretType:
		d.problem(n, "%s must be text: put it in quotes", key)
	case !s.isText && f.isText() && f.typ != durationType && f.bounds.oneOf == nil:
		d.problem(n, "%s is %s, must be text: put it in quotes", key, s.shown())
	default:
		if wrong := assign(v, f, s.text, s.shown()); wrong != "" {
			d.problem(n, "%s %s", key, wrong)
		}
	}
}

func (d *decoder) mismatch(n ast.Node, f field, key string) {
	is := "has no value"
	switch n.(type) {
	case *ast.SequenceNode:
		is = "is a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		is = "is a section"
	default:
		if s, ok := scalarOf(n); ok {
			is = "is " + s.shown()
		}
	}
	if key == "" {
		key = "the configuration"
	}
	d.problem(n, "%s %s, must be %s", key, is, f.expects())
}

func (d *decoder) decodeStruct(n ast.Node, v reflect.Value, f field, key string) {
	pairs, ok := d.pairs(n, key)
	if !ok {
		d.mismatch(n, f, key)
		return
	}
	fields := fieldsOf(f.typ)
	for _, p := range pairs {
		if sub, ok := fieldOf(fields, p.key); ok {
			d.decode(p.value, v.Field(sub.index), sub, join(key, sub.key))
		} else {
			d.unknown(p, key, fields)
		}
	}
}

func fieldOf(fields []field, key string) (field, bool) {
	for _, f := range fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

func (d *decoder) unknown(p pair, section string, fields []field) {
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	hint := d.hint(p.key, keys)
	if hint == "" {
		hint = meant(elsewhere(p.key, d.known, spellKey))
	}
	d.problemAt(p.at, "unknown key %q%s", cut(join(section, p.key)), hint)
}

// hint is didYouMean, unless the problem won't be listed: a file may have thousands.
func (d *decoder) hint(name string, known []string) string {
	if d.problems.full() {
		return ""
	}
	return didYouMean(name, known)
}

// decodeText sets a leaf to what text says that comes from elsewhere than a file: as it
// stands if the leaf is a scalar, otherwise in YAML, such as [a, b].
func (d *decoder) decodeText(l leaf, text string) {
	if l.field.isScalar() {
		if wrong := assign(l.value, l.field, text, strconv.Quote(cut(text))); wrong != "" {
			d.problemAt(nil, "%s %s", l.key, wrong)
		}
		return
	}
	n, err := parseYAML([]byte(text))
	switch {
	case err != nil:
		d.problemAt(nil, "%s %v", l.key, err)
	case n == nil:
		d.problemAt(nil, "%s has no value, must be %s", l.key, l.field.expects())
	default:
		d.decode(n, l.value, l.field, l.key)
	}
}
