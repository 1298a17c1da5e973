package wire

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

// The types of msgpack extension that are used.
const (
	extTimestamp int8 = -1 // msgpack's own, here a time in UTC
	extZoned     int8 = 1  // a time of a zone
	extLocal     int8 = 2  // a time of the sender's local zone
	extObject    int8 = 3  // an object of a registered type
)

// zonedSize is how long a time of a zone is without the zone's name.
const zonedSize = 8 + 4 + 4

func (e *Encoder) time(t time.Time) error {
	switch t.Location() {
	case time.UTC:
		return e.enc.EncodeTime(t)
	case time.Local:
		return e.zoned(extLocal, t)
	}
	return e.zoned(extZoned, t)
}

func (e *Encoder) zoned(ext int8, t time.Time) error {
	name, offset := t.Zone()
	if int(int32(offset)) != offset {
		return &topology.TypeError{Type: "time.Time", Reason: fmt.Sprintf("its zone %q is %d seconds east of UTC, which is no zone", name, offset)}
	}
	if err := checkLength("time.Time", zonedSize+len(name)); err != nil {
		return err
	}
	if err := e.enc.EncodeExtHeader(ext, zonedSize+len(name)); err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint64(e.buf.b, uint64(t.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond()))
	b = binary.BigEndian.AppendUint32(b, uint32(offset))
	e.buf.b = append(b, name...)
	return nil
}

// extension reads a time or an object.
func (d *Decoder) extension() (topology.Value, error) {
	start := d.in.pos
	ext, n, err := d.dec.DecodeExtHeader()
	if err != nil {
		return topology.Value{}, d.corrupt(reasonOf(err))
	}
	content, err := d.next(n)
	if err != nil {
		return topology.Value{}, err
	}
	switch ext {
	case extTimestamp:
		return d.timestamp(content)
	case extZoned, extLocal:
		return d.zoned(ext, content)
	case extObject:
		return d.object(content)
	}
	d.in.pos = start
	return topology.Value{}, d.corrupt(fmt.Sprintf("there is no extension of type %d", ext))
}

// timestamp reads the content of msgpack's timestamp extension.
func (d *Decoder) timestamp(b []byte) (topology.Value, error) {
	switch len(b) {
	case 4:
		return d.instant(int64(binary.BigEndian.Uint32(b)), 0)
	case 8:
		n := binary.BigEndian.Uint64(b)
		return d.instant(int64(n&(1<<34-1)), uint32(n>>34))
	case 12:
		return d.instant(int64(binary.BigEndian.Uint64(b[4:])), binary.BigEndian.Uint32(b))
	}
	return topology.Value{}, d.corrupt(fmt.Sprintf("a timestamp has 4, 8 or 12 bytes, not %d", len(b)))
}

func (d *Decoder) instant(seconds int64, nanoseconds uint32) (topology.Value, error) {
	t, err := d.unix(seconds, nanoseconds)
	return topology.TimeValue(t.UTC()), err
}

func (d *Decoder) unix(seconds int64, nanoseconds uint32) (time.Time, error) {
	if nanoseconds >= uint32(time.Second) {
		return time.Time{}, d.corrupt(fmt.Sprintf("a time has %d nanoseconds in its second", nanoseconds))
	}
	return time.Unix(seconds, int64(nanoseconds)), nil
}

func (d *Decoder) zoned(ext int8, b []byte) (topology.Value, error) {
	if len(b) < zonedSize {
		return topology.Value{}, d.corrupt(fmt.Sprintf("a time of a zone has at least %d bytes, not %d", zonedSize, len(b)))
	}
	t, err := d.unix(int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint32(b[8:]))
	if err != nil {
		return topology.Value{}, err
	}
	offset, name := int(int32(binary.BigEndian.Uint32(b[12:]))), b[zonedSize:]
	if ext == extLocal && isLocal(t, offset, name) {
		return topology.TimeValue(t), nil
	}
	return topology.TimeValue(t.In(d.zone.get(offset, name))), nil
}

// isLocal reports whether the local time t is in a zone of the offset and name.
func isLocal(t time.Time, offset int, name []byte) bool {
	localName, localOffset := t.Zone()
	return localOffset == offset && localName == string(name)
}

// zone keeps the zone of the last time that was read: they seldom change, and
// making one takes several allocations.
type zone struct {
	offset int
	name   string
	loc    *time.Location
}

func (z *zone) get(offset int, name []byte) *time.Location {
	if z.loc == nil || z.offset != offset || z.name != string(name) {
		z.offset, z.name = offset, string(name)
		z.loc = time.FixedZone(z.name, offset)
	}
	return z.loc
}
