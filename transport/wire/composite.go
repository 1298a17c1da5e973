package wire

import "github.com/galestream/gale/topology"

// scan proves that the list or map which comes next is sound, unless it lies in
// one that was proven already.
func (d *Decoder) scan() error {
	if d.in.pos < d.scanned {
		return nil
	}
	s := scanner{src: d.in.src, pos: d.in.pos}
	if err := s.value(maxNesting); err != nil {
		return err
	}
	d.scanned = s.pos
	return nil
}

func (d *Decoder) list() (topology.Value, error) {
	if err := d.scan(); err != nil {
		return topology.Value{}, err
	}
	n, err := d.dec.DecodeArrayLen()
	if err != nil {
		return topology.Value{}, d.corrupt(reasonOf(err))
	}
	l := make([]any, n)
	for i := range l {
		if l[i], err = d.member(); err != nil {
			return topology.Value{}, err
		}
	}
	return topology.ListValue(l), nil
}

func (d *Decoder) mapping() (topology.Value, error) {
	if err := d.scan(); err != nil {
		return topology.Value{}, err
	}
	n, err := d.dec.DecodeMapLen()
	if err != nil {
		return topology.Value{}, d.corrupt(reasonOf(err))
	}
	m := make(map[string]any, n)
	for range n {
		if err := d.entry(m); err != nil {
			return topology.Value{}, err
		}
	}
	return topology.MapValue(m), nil
}

// entry reads a key and its value into m.
func (d *Decoder) entry(m map[string]any) error {
	if c, err := d.peek(); err != nil {
		return err
	} else if c != classString {
		return d.corrupt("the key of a map is not a string")
	}
	k, err := d.string()
	if err != nil {
		return err
	}
	if _, twice := m[k]; twice {
		return d.corrupt("the key of a map is there twice")
	}
	m[k], err = d.member()
	return err
}

func (d *Decoder) member() (any, error) {
	v, err := d.value()
	return v.Any(), err
}
