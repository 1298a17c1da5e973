package topology

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// StructFields is what the fields of a struct type make of a stream. See [FieldsOf].
type StructFields struct {
	plan     *structPlan
	problems []string
}

// FieldsOf returns the fields that the struct type T declares for a stream: each exported
// field, by the name in its tag `gale:"name"` or else its own; `gale:"-"` leaves one
// out, and embedded structs are read as if their fields stood in T. Field types
// are those of [Of]'s set, named types of them, time.Duration, and types registered
// with [Register]. What doesn't fit is reported by Build.
func FieldsOf[T any]() StructFields {
	p := planOf(reflect.TypeFor[T]())
	return StructFields{plan: p, problems: p.problems}
}

// Names returns the fields' names, in order.
func (f StructFields) Names() []string {
	var names []string
	for _, x := range f.plan.fields {
		names = append(names, x.name)
	}
	return names
}

func (f StructFields) kinds() []fieldKind {
	var kinds []fieldKind
	for _, x := range f.plan.fields {
		kinds = append(kinds, x.kind)
	}
	return kinds
}

// misfits says what keeps tuples of the stream from being read as the struct.
func (f StructFields) misfits(s *Stream) []string {
	var out []string
	for _, x := range f.plan.fields {
		i := s.Index(x.name)
		if i < 0 {
			out = append(out, fmt.Sprintf("reads stream %q of %q as %v, which has no field %q%s", s.Name, s.Component, f.plan.typ, x.name, didYouMean(x.name, s.Fields)))
		} else if s.kinds != nil && s.kinds[i].held() != x.kind.held() {
			out = append(out, fmt.Sprintf("reads field %q of stream %q of %q as %v, but it is emitted as %v", x.name, s.Name, s.Component, x.kind.held(), s.kinds[i].held()))
		}
	}
	return out
}

// EmitStruct emits the fields of x, for a stream that was declared with FieldsOf[T].
// out is a collector or an emitter.
func EmitStruct[T any, O structOutlet](out O, x T) {
	emitStruct(out, planOf(reflect.TypeFor[T]()), unsafe.Pointer(&x))
}

// EmitStructID emits the fields of x with a message id. See [SpoutCollector.EmitID].
func EmitStructID[T any](out *SpoutCollector, id any, x T) {
	o := &out.out
	if !o.begin() {
		return
	}
	planOf(reflect.TypeFor[T]()).emit(o, o.main, unsafe.Pointer(&x))
	o.e.Stream, o.e.Tracked, o.e.ID = o.main, true, id
	o.port.Emit(&o.e)
	o.e.Tracked, o.e.ID, o.e.Err, o.busy = false, nil, nil, false
}

type structOutlet interface {
	*Collector | *SpoutCollector | Emitter | SpoutEmitter
}

func emitStruct[O structOutlet](out O, p *structPlan, x unsafe.Pointer) {
	e := emitterOf(&out)
	if e.out.begin() {
		p.emit(e.out, e.stream, x)
		e.send()
	}
}

// emitterOf takes a pointer because what goes into an any as it is, and on to a
// port, would be boxed on the heap.
func emitterOf[O structOutlet](out *O) Emitter {
	switch out := any(out).(type) {
	case **Collector:
		o := &(*out).out
		return Emitter{out: o, stream: o.main, name: DefaultStream}
	case **SpoutCollector:
		o := &(*out).out
		return Emitter{out: o, stream: o.main, name: DefaultStream}
	case *SpoutEmitter:
		return out.e
	}
	return *any(out).(*Emitter)
}

// As reads the tuple as a struct: each field of T from the field of its name. The tuple
// may have more. Like the accessors of a tuple it panics with a [*FieldError], which
// fails the tuple, when a field is missing or of another type.
func As[T any](t *Tuple) T {
	var x T
	planOf(reflect.TypeFor[T]()).read(t, unsafe.Pointer(&x))
	return x
}

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

// emit makes the emission of the outlet the struct at x, for the stream of the index.
func (p *structPlan) emit(o *outlet, stream int, x unsafe.Pointer) {
	p.write(&o.e, x)
	if stream < 0 || o.e.Err != nil || p.fits.Load() == o.streams[stream] {
		return // an unknown stream is the port's to refuse
	}
	s := o.streams[stream]
	if names := (StructFields{plan: p}).Names(); !slices.Equal(names, s.Fields) {
		o.e.Err = fmt.Errorf("the fields of %v are %q, the stream was declared with %q", p.typ, names, s.Fields)
		return
	}
	p.fits.Store(s)
}

// write makes the values of the emission those of the struct at x.
func (p *structPlan) write(e *Emission, x unsafe.Pointer) {
	e.Values = e.Values[:0]
	if len(p.problems) > 0 {
		e.Err = errors.New(p.problems[0])
	}
	for i := range p.fields {
		var v Value
		if err := p.fields[i].load(&v, unsafe.Add(x, p.fields[i].offset)); err != nil {
			e.Err = fmt.Errorf("field %q of %v: %w", p.fields[i].name, p.typ, err)
		}
		e.Values = append(e.Values, v)
	}
}

// load sets v to the field at x.
func (f *structField) load(v *Value, x unsafe.Pointer) error {
	switch f.kind {
	case fieldString:
		v.setString(*(*string)(x))
	case fieldBool:
		v.setBool(*(*bool)(x))
	case fieldFloat32:
		v.setMarked(math.Float64bits(float64(*(*float32)(x))), markFloat)
	case fieldFloat64:
		v.setMarked(math.Float64bits(*(*float64)(x)), markFloat)
	case fieldBytes:
		v.setBytes(*(*[]byte)(x))
	case fieldTime:
		v.setTime(*(*time.Time)(x))
	case fieldUint:
		return v.setUnsigned(*(*uint64)(x), "uint64")
	case fieldList:
		return v.set(*(*[]any)(x))
	case fieldMap:
		return v.set(*(*map[string]any)(x))
	case fieldObject:
		v.setObject(reflect.NewAt(f.typ, noescape(x)).Elem().Interface()) // a copy
	default:
		v.setMarked(uint64(f.loadInt(x)), markInt)
	}
	return nil
}

func (f *structField) loadInt(x unsafe.Pointer) int64 {
	switch f.kind {
	case fieldInt8:
		return int64(*(*int8)(x))
	case fieldInt16:
		return int64(*(*int16)(x))
	case fieldInt32:
		return int64(*(*int32)(x))
	case fieldUint8:
		return int64(*(*uint8)(x))
	case fieldUint16:
		return int64(*(*uint16)(x))
	case fieldUint32:
		return int64(*(*uint32)(x))
	}
	return *(*int64)(x)
}

func (p *structPlan) bind(t *Tuple) *binding {
	if b := p.last.Load(); b != nil && b.stream == t.source {
		return b
	}
	b := &binding{stream: t.source}
	for _, f := range p.fields {
		i := t.source.Index(f.name)
		if i < 0 {
			t.field(f.name) // panics with what is wrong
		}
		b.positions = append(b.positions, i)
	}
	p.last.Store(b)
	return b
}

// read sets the struct at x to the values of the tuple.
func (p *structPlan) read(t *Tuple, x unsafe.Pointer) {
	if len(p.problems) > 0 {
		panic(fmt.Sprintf("topology: As: %s", p.problems[0]))
	}
	values := t.Values()
	for i, position := range p.bind(t).positions {
		f := &p.fields[i]
		if !f.store(&values[position], unsafe.Add(x, f.offset)) {
			panic(t.wrongKind(f.name, &values[position], f.typ.String()))
		}
	}
}

// store sets the field at x to v; it reports whether v fits.
func (f *structField) store(v *Value, x unsafe.Pointer) (ok bool) {
	switch f.kind {
	case fieldString:
		*(*string)(x), ok = v.AsString()
	case fieldBool:
		*(*bool)(x), ok = v.AsBool()
	case fieldFloat64:
		*(*float64)(x), ok = v.AsFloat()
	case fieldFloat32:
		var wide float64
		wide, ok = v.AsFloat()
		*(*float32)(x) = float32(wide)
	case fieldBytes:
		*(*[]byte)(x), ok = v.AsBytes()
	case fieldTime:
		*(*time.Time)(x), ok = v.AsTime()
	case fieldList:
		*(*[]any)(x), ok = v.AsList()
	case fieldMap:
		*(*map[string]any)(x), ok = v.AsMap()
	case fieldObject:
		return f.storeObject(v, x)
	default:
		return f.storeInt(v, x)
	}
	return ok
}

func (f *structField) storeObject(v *Value, x unsafe.Pointer) bool {
	object := reflect.ValueOf(v.Any())
	if !object.IsValid() || object.Type() != f.typ {
		return false
	}
	reflect.NewAt(f.typ, noescape(x)).Elem().Set(object)
	return true
}

// noescape hides from the compiler that p goes to reflect, which doesn't keep it:
// else EmitStruct and As would have every struct on the heap, even without objects.
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}

// storeInt refuses a number that the field is too narrow for.
func (f *structField) storeInt(v *Value, x unsafe.Pointer) bool {
	n, ok := v.AsInt()
	if !ok {
		return false
	}
	switch f.kind {
	case fieldInt8:
		*(*int8)(x) = int8(n)
	case fieldInt16:
		*(*int16)(x) = int16(n)
	case fieldInt32:
		*(*int32)(x) = int32(n)
	case fieldUint8:
		*(*uint8)(x) = uint8(n)
	case fieldUint16:
		*(*uint16)(x) = uint16(n)
	case fieldUint32:
		*(*uint32)(x) = uint32(n)
	case fieldUint:
		*(*uint64)(x) = uint64(n)
		return n >= 0
	default:
		*(*int64)(x) = n
	}
	return f.loadInt(x) == n
}
