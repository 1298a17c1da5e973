package state

import (
	"encoding/binary"
	"time"
)

// With a TTL, a store's values begin with the time of the batch that wrote them. Not the time at which they expire: so another TTL holds for what is there
// already. A record of the log has its batch's time once.
const stampSize = 8

// wrap returns what the store keeps of a value that was written at the time. It is valid until the next call.
func (p *Partition) wrap(value []byte, written int64) []byte {
	if p.o.TTL == 0 || value == nil {
		return value
	}
	p.wrapped = binary.LittleEndian.AppendUint64(p.wrapped[:0], uint64(written))
	p.wrapped = append(p.wrapped, value...)
	return p.wrapped
}

// unwrap returns what wrap was given.
func unwrap(stored []byte) (written int64, value []byte) {
	if len(stored) < stampSize {
		return 0, stored // of a store that was filled by others
	}
	return int64(binary.LittleEndian.Uint64(stored)), stored[stampSize:]
}

// alive returns what wrap was given, unless it has expired.
func (p *Partition) alive(stored []byte, now int64) (value []byte, ok bool) {
	if p.o.TTL == 0 {
		return stored, true
	}
	written, value := unwrap(stored)
	if p.expired(written, now) {
		return nil, false
	}
	return value, true
}

// expired says whether a value that was written at one time is gone at another. Times are those of batches, so that it depends on nothing but the log.
func (p *Partition) expired(written, now int64) bool {
	return p.o.TTL > 0 && now-written >= int64(p.o.TTL/time.Millisecond)
}
