package topology

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

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
