package worker

import (
	"fmt"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport/wire"
)

// hop sends values through the wire's encoding, as if the receiver were in another worker.
type hop struct {
	encoder *wire.Encoder
	decoder *wire.Decoder
	bytes   []byte
}

func newHop() *hop { return &hop{encoder: wire.NewEncoder(), decoder: wire.NewDecoder()} }

// pass replaces the values by what would arrive.
func (h *hop) pass(values []topology.Value) (err error) {
	h.bytes, err = h.encoder.AppendValues(h.bytes[:0], values)
	if err != nil {
		return err
	}
	_, rest, err := h.decoder.Values(values[:0], h.bytes)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes are left after the values", len(rest))
	}
	return err
}
