package jetstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/galestream/gale/trident"
	"github.com/nats-io/nats.go"
)

// markerHeader tells markers from records.
const markerHeader = "Gale-Marker"

// IsMarker reports whether a message with these headers is a marker of a [Sink], which who reads the stream drops.
func IsMarker(h nats.Header) bool { return len(h[markerHeader]) > 0 }

// marker is the last message of an atomic batch: how far a partition of a sink is. The zero marker is that of a partition
// that has written nothing.
type marker struct {
	TxID    uint64 `json:"txid"`
	Written int    `json:"written"` // how many of its records are in the stream
	Of      int    `json:"of"`      // how many it has
	Before  uint64 `json:"before"`  // the txid before it, which is complete
}

// applied is the highest txid that is complete.
func (m marker) applied() uint64 {
	if m.Written < m.Of {
		return m.Before
	}
	return m.TxID
}

// from returns how many of the records of a txid are in the stream.
func (m marker) from(txid uint64, records int) (int, error) {
	switch {
	case m.TxID > txid:
		return records, nil
	case m.TxID < txid && m.Written < m.Of:
		return 0, fmt.Errorf("%w: only %d of the %d records of txid %d are there; it must be applied before txid %d", ErrOrder, m.Written, m.Of, m.TxID, txid)
	case m.TxID < txid:
		return 0, nil
	case m.Of != records:
		return 0, fmt.Errorf("%w: the stream's marker has txid %d with %d records, and now it has %d", ErrOrder, txid, m.Of, records)
	}
	return m.Written, nil
}

// next is the marker after more records of a txid.
func (m marker) next(txid uint64, written, of int) marker {
	return marker{TxID: txid, Written: written, Of: of, Before: m.applied()}
}

func (m marker) encode() ([]byte, error) { return json.Marshal(m) }

func decodeMarker(data []byte) (m marker, err error) {
	if err := json.Unmarshal(data, &m); err != nil {
		return marker{}, err
	}
	if m.TxID == 0 || m.Written < 1 || m.Written > m.Of || m.Before >= m.TxID {
		return marker{}, errors.New("its numbers contradict each other")
	}
	return m, nil
}

// markerSubject is the partition's own subject.
func markerSubject(prefix string, id trident.SinkID) string {
	return prefix + "." + token(id.Topology) + "." + token(id.Sink) + "." + strconv.Itoa(id.Partition)
}

// token makes any name a token of a subject, and different names different ones: bytes that may have a meaning become =XX.
func token(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() == 0 {
		return "="
	}
	return b.String()
}
