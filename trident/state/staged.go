package state

import (
	"encoding/binary"
	"errors"

	"github.com/galestream/gale/trident/changelog"
)

// Form is the first byte of every payload that Staged returns. What else is staged in the same log has to begin with another.
const Form byte = 0xd1

// maxParts is how many records a batch's changes in one partition may be; MaxBatch needs fewer.
const maxParts = 1 << 12

// delta is one record of what a partition stages for a batch. Its body is a piece of the changes, cut anywhere. A change is the key's length times two, plus one
// when it was deleted; the key; and unless it was deleted the value's length and the value. The order of the changes does not matter: no key is there twice.
type delta struct {
	state                 string
	partition, partitions int
	txid                  uint64
	time                  int64
	part, parts           int
	body                  []byte
}

// Staged returns the changes of the batch that began last, as payloads of Staged records to be appended to the log with the batch's attempt, in any order. There are none when nothing was
// changed, save with a TTL: then one bears the batch's time. They are the caller's. Each call counts towards the next snapshots.
func (p *Partition) Staged() [][]byte {
	n := len(p.overlays)
	if n == 0 || len(p.overlays[n-1].entries) == 0 && p.o.TTL == 0 {
		return nil
	}
	o := p.overlays[n-1]
	p.body = o.appendChanges(p.body[:0])
	p.cycle.staged += int64(len(p.body))
	d := delta{state: p.o.Name, partition: p.o.Index, partitions: p.o.Partitions, txid: o.txid, time: o.time}
	payloads := d.cut(p.body)
	if cap(p.body) > keepArena {
		p.body = nil
	}
	return payloads
}

func (o *overlay) appendChanges(b []byte) []byte {
	for i := range o.entries {
		b = appendChange(b, o.entries[i].key, o.value(&o.entries[i]))
	}
	return b
}

func appendChange(b []byte, key string, value []byte) []byte {
	if value == nil {
		b = binary.AppendUvarint(b, uint64(len(key))<<1|1)
		return append(b, key...)
	}
	b = binary.AppendUvarint(b, uint64(len(key))<<1)
	b = append(b, key...)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// maxDeltaHead is how many bytes a delta's head has at most.
const maxDeltaHead = 1 + 2 + maxName + 6*binary.MaxVarintLen64

// cut makes payloads of the body.
func (d delta) cut(body []byte) [][]byte {
	const room = changelog.MaxPayload - maxDeltaHead
	d.parts = max(1, (len(body)+room-1)/room)
	payloads := make([][]byte, 0, d.parts)
	for ; d.part < d.parts; d.part++ {
		d.body = body[d.part*room : min((d.part+1)*room, len(body))]
		payloads = append(payloads, d.append(make([]byte, 0, maxDeltaHead+len(d.body))))
	}
	return payloads
}

func (d *delta) append(b []byte) []byte {
	b = append(b, Form, byte(len(d.state)))
	b = append(b, d.state...)
	for _, n := range [...]uint64{uint64(d.partition), uint64(d.partitions), d.txid, uint64(d.time), uint64(d.part), uint64(d.parts)} {
		b = binary.AppendUvarint(b, n)
	}
	return append(b, d.body...)
}

var (
	errCut   = errors.New("it ends too early")
	errRange = errors.New("its numbers make no sense")
	errSum   = errors.New("its checksum is wrong")
	errForm  = errors.New("its form is not known: it may be of a newer Gale")
)

// decodeDelta reads what append wrote. The body shares payload's memory.
func decodeDelta(payload []byte) (d delta, err error) {
	if len(payload) < 2 || payload[0] != Form {
		return d, errForm
	}
	in := input{rest: payload[1:]}
	d.state = string(in.take(uint64(in.octet())))
	d.partition, d.partitions = int(in.number(Groups)), int(in.number(Groups))
	d.txid, d.time = in.number(1<<64-1), int64(in.number(1<<63-1))
	d.part, d.parts = int(in.number(maxParts)), int(in.number(maxParts))
	d.body = in.rest
	switch {
	case in.err != nil:
		return delta{}, in.err
	case d.partition >= d.partitions || d.part >= d.parts || d.state == "" || d.txid == 0:
		return delta{}, errRange
	}
	return d, nil
}

// eachChange calls f with the changes of a whole body, until f returns false. A value is nil when the key was deleted. text is the body too.
func eachChange(body []byte, text string, f func(key string, value []byte) bool) error {
	in := input{rest: body}
	for len(in.rest) > 0 && in.err == nil {
		n := in.number(MaxKey<<1 | 1)
		at := len(body) - len(in.rest)
		size := len(in.take(n >> 1))
		var value []byte
		if n&1 == 0 {
			value = in.take(in.number(MaxValue + stampSize))
		}
		if in.err == nil && !f(text[at:at+size], value) {
			return nil
		}
	}
	return in.err
}

// input is what is still to be read of something encoded. After an error it gives zeros, and keeps the first.
type input struct {
	rest []byte
	err  error
}

func (in *input) fail(err error) {
	if in.err == nil {
		in.err = err
	}
	in.rest = nil
}

func (in *input) octet() byte {
	if b := in.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// number reads one that may be at most high.
func (in *input) number(high uint64) uint64 {
	x, n := binary.Uvarint(in.rest)
	switch {
	case n == 0:
		in.fail(errCut)
		return 0
	case n < 0 || x > high:
		in.fail(errRange)
		return 0
	}
	in.rest = in.rest[n:]
	return x
}

// take returns the next n bytes, never nil but after an error.
func (in *input) take(n uint64) []byte {
	if in.err != nil || n > uint64(len(in.rest)) {
		in.fail(errCut)
		return nil
	}
	b := in.rest[:n:n]
	in.rest = in.rest[n:]
	if b == nil {
		b = []byte{}
	}
	return b
}
