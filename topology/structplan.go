package topology

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// structPlan says how to get from a struct to values and back. It is made once a type.
type structPlan struct {
	typ      reflect.Type
	fields   []structField
	problems []string
	last     atomic.Pointer[binding] // of the stream that was read last
	fits     atomic.Pointer[Stream]  // the stream that was emitted on last, whose fields are those of the struct
}

type structField struct {
	name   string
	kind   fieldKind
	offset uintptr
	typ    reflect.Type
}

// binding is where the fields of a plan lie in the tuples of one stream.
type binding struct {
	stream    *Stream
	positions []int
}

// fieldKind is the Go type of a struct's field, as far as reading and writing it differ.
type fieldKind uint8

const (
	fieldString fieldKind = iota
	fieldBool
	fieldInt
	fieldInt8
	fieldInt16
	fieldInt32
	fieldUint
	fieldUint8
	fieldUint16
	fieldUint32
	fieldFloat32
	fieldFloat64
	fieldBytes
	fieldTime
	fieldList
	fieldMap
	fieldObject
)

// held returns the kind of value that the field is emitted as.
func (k fieldKind) held() Kind {
	switch k {
	case fieldString:
		return KindString
	case fieldBool:
		return KindBool
	case fieldFloat32, fieldFloat64:
		return KindFloat
	case fieldBytes:
		return KindBytes
	case fieldTime:
		return KindTime
	case fieldList:
		return KindList
	case fieldMap:
		return KindMap
	case fieldObject:
		return KindObject
	}
	return KindInt
}

var plans sync.Map // reflect.Type -> *structPlan

func planOf(typ reflect.Type) *structPlan {
	if p, ok := plans.Load(typ); ok {
		return p.(*structPlan)
	}
	p, _ := plans.LoadOrStore(typ, newPlan(typ))
	return p.(*structPlan)
}

func newPlan(typ reflect.Type) *structPlan {
	p := &structPlan{typ: typ}
	if typ.Kind() != reflect.Struct {
		p.problems = append(p.problems, fmt.Sprintf("%v is not a struct", typ))
		return p
	}
	p.add(typ, 0)
	if len(p.fields) == 0 && len(p.problems) == 0 {
		p.problems = append(p.problems, fmt.Sprintf("%v has no exported fields", typ))
	}
	return p
}

func (p *structPlan) add(typ reflect.Type, base uintptr) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		tag := f.Tag.Get("gale")
		switch {
		case tag == "-":
		case f.Anonymous && f.Type.Kind() == reflect.Struct && tag == "" && !f.Type.ConvertibleTo(timeType):
			p.add(f.Type, base+f.Offset) // its exported fields are T's, whatever its own name
		case !f.IsExported():
		default:
			p.addField(f, tag, base)
		}
	}
}

func (p *structPlan) addField(f reflect.StructField, tag string, base uintptr) {
	name := f.Name
	if tag != "" {
		name = tag
	}
	kind, ok := kindOfField(f.Type)
	if !ok {
		p.problems = append(p.problems, fmt.Sprintf("field %s of %v is of type %v, which can't be emitted; register the type with topology.Register, or leave the field out with `gale:\"-\"`", f.Name, p.typ, f.Type))
		return
	}
	p.fields = append(p.fields, structField{name: name, kind: kind, offset: base + f.Offset, typ: f.Type})
}

var (
	timeType = reflect.TypeFor[time.Time]()
	mapType  = reflect.TypeFor[map[string]any]()
	listType = reflect.TypeFor[[]any]()
)

var fieldKinds = map[reflect.Kind]fieldKind{
	reflect.String: fieldString, reflect.Bool: fieldBool,
	reflect.Int: fieldInt, reflect.Int64: fieldInt, reflect.Int32: fieldInt32, reflect.Int16: fieldInt16, reflect.Int8: fieldInt8,
	reflect.Uint: fieldUint, reflect.Uint64: fieldUint, reflect.Uint32: fieldUint32, reflect.Uint16: fieldUint16, reflect.Uint8: fieldUint8,
	reflect.Float32: fieldFloat32, reflect.Float64: fieldFloat64,
}

func kindOfField(typ reflect.Type) (fieldKind, bool) {
	registry.RLock()
	_, registered := registry.byType[typ]
	registry.RUnlock()
	switch {
	case registered:
		return fieldObject, true
	case typ.ConvertibleTo(timeType): // named types lie in memory as what they name
		return fieldTime, true
	case typ.ConvertibleTo(mapType):
		return fieldMap, true
	case typ.ConvertibleTo(listType):
		return fieldList, true
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8:
		return fieldBytes, true
	}
	k, ok := fieldKinds[typ.Kind()]
	return k, ok
}
