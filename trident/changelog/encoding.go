package changelog

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

// A record is stored as: form (1 byte), kind (1), attempt (8, big endian; 0 for a Fence, whose attempt is its sequence), payload, xxhash64 of all
// before it (8, big endian).
const (
	recordForm = 1
	headLength = 10
	sumLength  = 8
)

func encodeRecord(kind Kind, attempt uint64, payload []byte) []byte {
	b := make([]byte, 0, headLength+len(payload)+sumLength)
	b = append(b, recordForm, byte(kind))
	b = binary.BigEndian.AppendUint64(b, attempt)
	return seal(append(b, payload...))
}

var (
	errSum   = errors.New("its checksum is wrong")
	errShort = errors.New("it is too short")
	errForm  = errors.New("its form is not known: it may be of a newer Gale")
)

// decodeRecord reads what encodeRecord wrote. The payload shares b's memory.
func decodeRecord(sequence uint64, b []byte) (Record, error) {
	b, err := unseal(b)
	switch {
	case err != nil:
		return Record{}, err
	case len(b) < headLength:
		return Record{}, errShort
	case b[0] != recordForm || b[1] < byte(Staged) || b[1] > byte(trimmed):
		return Record{}, errForm
	}
	r := Record{Sequence: sequence, Kind: Kind(b[1]), Attempt: binary.BigEndian.Uint64(b[2:]), Payload: b[headLength:]}
	if r.Kind == Fence {
		r.Attempt = sequence
	}
	return r, nil
}

// seal appends the checksum.
func seal(b []byte) []byte { return binary.BigEndian.AppendUint64(b, xxhash.Sum64(b)) }

// unseal checks the checksum and cuts it off.
func unseal(b []byte) ([]byte, error) {
	n := len(b) - sumLength
	if n < 0 {
		return nil, errShort
	}
	if xxhash.Sum64(b[:n]) != binary.BigEndian.Uint64(b[n:]) {
		return nil, errSum
	}
	return b[:n:n], nil
}
