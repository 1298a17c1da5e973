package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"github.com/galestream/gale/topology"
)

// objectHeader is how long the code, length and type of an object's extension are.
const objectHeader = 1 + 4 + 1

// object encodes an object of a registered type. Its length is known only after its
// body, and so is written last, always in 4 bytes.
func (e *Encoder) object(x any) error {
	name, ok := topology.RegisteredName(x)
	if !ok {
		return unregistered(x)
	}
	start := len(e.buf.b)
	e.buf.b = append(e.buf.b, 0xc9, 0, 0, 0, 0, byte(extObject))
	if err := e.string(name); err != nil {
		return err
	}
	if err := e.body.encode(x); err != nil {
		return unfit(name, x, err)
	}
	n := len(e.buf.b) - start - objectHeader
	binary.BigEndian.PutUint32(e.buf.b[start+1:], uint32(n))
	return checkLength(reflect.TypeOf(x).String(), n)
}

func unregistered(x any) error {
	typ := reflect.TypeOf(x).String()
	return &topology.TypeError{Type: typ, Reason: fmt.Sprintf("the type is not registered: call topology.Register[%s](name) once, before the topology runs", typ)}
}

// unfit says that the body of x can't be encoded, or would not be decoded.
func unfit(name string, x any, err error) error {
	if corrupt, ok := errors.AsType[*CorruptError](err); ok {
		return &topology.TypeError{Type: reflect.TypeOf(x).String(), Reason: "its encoding would be refused: " + corrupt.Reason}
	}
	return fmt.Errorf("object %q of type %T: %w", name, x, err)
}

// object reads the content of an object's extension.
func (d *Decoder) object(content []byte) (topology.Value, error) {
	after := d.in.pos
	d.in.pos -= len(content)
	name, err := d.name(after)
	if err != nil {
		return topology.Value{}, err
	}
	typ, ok := topology.RegisteredType(name)
	if !ok {
		return topology.Value{}, d.corrupt(fmt.Sprintf("no type is registered by the name %.80q: call topology.Register with it in this program too", name))
	}
	body := d.in.src[d.in.pos:after]
	if err := d.soundBody(body); err != nil {
		return topology.Value{}, fmt.Errorf("object %.80q of type %s: %w", name, typ, err)
	}
	v, err := d.body.decode(typ, body)
	if err != nil {
		return topology.Value{}, fmt.Errorf("object %.80q of type %s at byte %d: %w", name, typ, d.in.pos, err)
	}
	d.in.pos = after
	return v, nil
}

// name reads the name of an object that ends before the offset.
func (d *Decoder) name(end int) (string, error) {
	if c, err := d.peek(); err != nil {
		return "", err
	} else if c != classString {
		return "", d.corrupt("an object begins with its name")
	}
	name, err := d.string()
	if err == nil && d.in.pos > end {
		err = d.corrupt(reasonTruncated)
	}
	return name, err
}

// recoverAs turns a panic into an error. The library panics when a nil comes for a
// time and when a value doesn't fit an interface; so may a type's own methods.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the type's encoding panicked: %v", p)
	}
}
