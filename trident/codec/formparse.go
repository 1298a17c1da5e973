package codec

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"time"
)

// Forms come out of a log that anyone may have written, so types are made of them with bounds: of the text, its nesting, and the size of a value.
const maxWeight = 1 << 20

// plainTypes are what types are made of in the end.
var plainTypes = map[string]reflect.Type{
	"bool": reflect.TypeFor[bool](), "string": reflect.TypeFor[string](), "any": reflect.TypeFor[any](), "time": reflect.TypeFor[time.Time](),
	"int": reflect.TypeFor[int](), "int8": reflect.TypeFor[int8](), "int16": reflect.TypeFor[int16](), "int32": reflect.TypeFor[int32](), "int64": reflect.TypeFor[int64](),
	"uint": reflect.TypeFor[uint](), "uint8": reflect.TypeFor[uint8](), "uint16": reflect.TypeFor[uint16](), "uint32": reflect.TypeFor[uint32](), "uint64": reflect.TypeFor[uint64](),
	"float32": reflect.TypeFor[float32](), "float64": reflect.TypeFor[float64](),
}

var (
	errForm     = errors.New("it has another syntax")
	errTooLarge = fmt.Errorf("a value of it would take more than %d bytes", maxWeight)
)

// parseForm reads what FormOf has written.
func parseForm(text string) (s shape, err error) {
	defer recoverAs(&err)
	e, err := syntaxOf(text)
	if err != nil {
		return s, err
	}
	return formIn(e, maxNesting)
}

// parseKeyType reads what KeyFormOf has written.
func parseKeyType(text string) (t reflect.Type, err error) {
	defer recoverAs(&err)
	e, err := syntaxOf(text)
	if err != nil {
		return nil, err
	}
	if t, _, err = typeIn(e, maxNesting); err != nil {
		return nil, err
	}
	if m := keyable(t, ""); m != nil || !t.Comparable() {
		return nil, fmt.Errorf("a %v can't be a key", t)
	}
	return t, nil
}

// syntaxOf reads an expression of Go.
func syntaxOf(text string) (ast.Expr, error) {
	if len(text) > maxForm {
		return nil, fmt.Errorf("it has %d bytes, and may have %d", len(text), maxForm)
	}
	return parser.ParseExpr(text)
}

func formIn(e ast.Expr, levels int) (s shape, err error) {
	if levels == 0 {
		return s, errTooDeep
	}
	switch e := e.(type) {
	case *ast.Ident:
		if s, ok := plainForms[e.Name]; ok {
			return s, nil
		}
	case *ast.IndexExpr:
		return formOfOne(e, levels-1)
	case *ast.IndexListExpr:
		if name, ok := e.X.(*ast.Ident); ok && name.Name == "pair" && len(e.Indices) == 2 {
			return formOfTwo(e, levels-1)
		}
	}
	return s, errForm
}

func formOfOne(e *ast.IndexExpr, levels int) (s shape, err error) {
	name, _ := e.X.(*ast.Ident)
	switch {
	case name != nil && name.Name == "list":
		elem, err := formIn(e.Index, levels)
		if err != nil {
			return s, err
		}
		return listOf(elem), nil
	case name != nil && name.Name == "packed":
		t, weight, err := typeIn(e.Index, levels)
		if err != nil {
			return s, err
		}
		return packedOf(t, weight), nil
	}
	return s, errForm
}

func formOfTwo(e *ast.IndexListExpr, levels int) (s shape, err error) {
	key, err := formIn(e.Indices[0], levels)
	if err != nil {
		return s, err
	}
	value, err := formIn(e.Indices[1], levels)
	if err != nil {
		return s, err
	}
	return pairOf(key, value), nil
}

// typeIn makes a type of what typeText has written, and says about how many bytes a value of it takes.
func typeIn(e ast.Expr, levels int) (t reflect.Type, weight int, err error) {
	if levels == 0 {
		return nil, 0, errTooDeep
	}
	switch e := e.(type) {
	case *ast.Ident:
		if t := plainTypes[e.Name]; t != nil {
			return t, int(t.Size()), nil
		}
	case *ast.StarExpr:
		return referring(reflect.PointerTo, e.X, levels)
	case *ast.ArrayType:
		if e.Len == nil {
			return referring(reflect.SliceOf, e.Elt, levels)
		}
		return arrayIn(e, levels)
	case *ast.MapType:
		return mapIn(e, levels)
	case *ast.StructType:
		return structIn(e, levels)
	}
	return nil, 0, errForm
}

// referring makes a type whose values refer to another's.
func referring(of func(reflect.Type) reflect.Type, e ast.Expr, levels int) (reflect.Type, int, error) {
	elem, _, err := typeIn(e, levels-1)
	if err != nil {
		return nil, 0, err
	}
	t := of(elem)
	return t, int(t.Size()), nil
}

func arrayIn(e *ast.ArrayType, levels int) (reflect.Type, int, error) {
	elem, weight, err := typeIn(e.Elt, levels-1)
	if err != nil {
		return nil, 0, err
	}
	size, ok := e.Len.(*ast.BasicLit)
	if !ok || size.Kind != token.INT {
		return nil, 0, errForm
	}
	n, err := strconv.Atoi(size.Value)
	if err != nil || n > maxWeight/weight {
		return nil, 0, errTooLarge
	}
	return reflect.ArrayOf(n, elem), max(1, n*weight), nil
}

func mapIn(e *ast.MapType, levels int) (reflect.Type, int, error) {
	key, _, err := typeIn(e.Key, levels-1)
	if err != nil {
		return nil, 0, err
	}
	if !key.Comparable() {
		return nil, 0, fmt.Errorf("a %v can't be the key of a map", key)
	}
	return referring(func(elem reflect.Type) reflect.Type { return reflect.MapOf(key, elem) }, e.Value, levels)
}

func structIn(e *ast.StructType, levels int) (reflect.Type, int, error) {
	var fields []reflect.StructField
	names, total := map[string]bool{}, 1
	for _, f := range e.Fields.List {
		if len(f.Names) != 1 || !f.Names[0].IsExported() || names[f.Names[0].Name] {
			return nil, 0, errForm
		}
		names[f.Names[0].Name] = true
		field, weight, err := fieldIn(f, levels)
		if err != nil {
			return nil, 0, err
		}
		if total += weight; total > maxWeight {
			return nil, 0, errTooLarge
		}
		fields = append(fields, field)
	}
	return reflect.StructOf(fields), total, nil
}

func fieldIn(f *ast.Field, levels int) (field reflect.StructField, weight int, err error) {
	field.Name = f.Names[0].Name
	if field.Type, weight, err = typeIn(f.Type, levels-1); err != nil || f.Tag == nil {
		return field, weight, err
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	field.Tag = reflect.StructTag(tag)
	_, field.Anonymous = field.Tag.Lookup(embeddedTag)
	return field, weight, err
}
