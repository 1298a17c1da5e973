package transport

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzReceive(f *testing.F) {
	h := header{kind: kindData, from: 1, to: 1, seq: 1}
	frame := func(k kind, body []byte) []byte {
		h.kind = k
		b := make([]byte, headerSize)
		h.put(b)
		return append(b, body...)
	}
	f.Add(false, frame(kindData, appendSlab(appendSlab(nil, 3, []byte("slab")), 4, nil)))
	f.Add(true, frame(kindControl, appendGrant(appendRecord(nil, []byte("record")), 3, 1)))
	f.Add(true, frame(kindState, binary.LittleEndian.AppendUint32(nil, 4)))
	f.Fuzz(func(t *testing.T, onControl bool, b []byte) {
		l := data
		if onControl {
			l = control
		}
		c := newCouple(t, 4, 100)
		c.a.send(3, []byte("x"))
		c.exchange(t)
		for range 2 { // the second time it may be a duplicate
			arrive(t, c.a, l, b)
		}
		require.LessOrEqual(t, len(c.a.grants.dests), len(b)/slabHead)
		left := c.a.credits.left(3)
		require.True(t, left >= 0 && left <= 4, "%d credits", left)
	})
}

// arrive hands a frame to a session as a Peer does.
func arrive(t *testing.T, s *session, l lane, b []byte) {
	h, body, err := parseHeader(l, b)
	if err != nil {
		return
	}
	if s.announces(l, h, body) {
		s.begin(h.from)
	}
	refused := s.stats.Refused
	a, err := s.receive(l, h, body)
	if err != nil {
		require.Empty(t, a.body)
		require.Greater(t, s.stats.Refused, refused)
		return
	}
	handed := 0
	for rest := a.body; len(rest) > 0; {
		var bytes []byte
		var i controlItem
		if l == data {
			_, bytes, rest, err = nextSlab(rest)
		} else {
			i, rest, err = nextItem(rest)
			bytes = i.record
		}
		require.NoError(t, err, "what is handed over is well formed")
		handed += len(bytes)
	}
	require.LessOrEqual(t, handed, len(b))
}

func TestHeadersAreReadAsTheyAreWritten(t *testing.T) {
	h := header{kind: kindState, marks: ask | gap<<control, from: 1 << 60, to: 2 << 50, seq: 3 << 40, confirmed: [lanes]uint64{4 << 30, 5 << 20}}
	b := make([]byte, headerSize+3)
	h.put(b)
	got, body, err := parseHeader(data, b)
	require.NoError(t, err)
	require.Equal(t, h, got)
	require.Len(t, body, 3)
}

func TestMalformedFramesAreRefused(t *testing.T) {
	good := header{kind: kindData, from: 1, to: 1, seq: 1}
	for name, c := range map[string]struct {
		lane  lane
		spoil func(b []byte) []byte
		want  string
	}{
		"empty":         {data, func([]byte) []byte { return nil }, "ends too early"},
		"version":       {data, func(b []byte) []byte { b[0] = 9; return b }, "version 9"},
		"kind":          {data, func(b []byte) []byte { b[1] = 0; return b }, "kind 0 on lane 0"},
		"lane":          {control, func(b []byte) []byte { return b }, "kind 1 on lane 1"},
		"short head":    {data, func(b []byte) []byte { return append(b, 1, 2, 3) }, "ends too early"},
		"long slab":     {data, func(b []byte) []byte { return append(b, 1, 0, 0, 0, 255, 255, 255, 255) }, "ends too early"},
		"second item":   {data, func(b []byte) []byte { return append(appendSlab(b, 1, nil), 1) }, "1 bytes before its end"},
		"item kind":     {control, func(b []byte) []byte { b[1] = byte(kindControl); return append(b, 7) }, "an item of kind 7"},
		"grant of 0":    {control, func(b []byte) []byte { b[1] = byte(kindControl); return appendGrant(b, 1, 0) }, "a grant of 0"},
		"short grant":   {control, func(b []byte) []byte { b[1] = byte(kindControl); return append(b, tagGrant) }, "ends too early"},
		"state":         {control, func(b []byte) []byte { b[1] = byte(kindState); return b }, "a state of 0 bytes"},
		"confirms much": {data, func(b []byte) []byte { b[28] = 9; return b }, "it confirms frame 9 of lane 0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := make([]byte, headerSize)
			good.put(b)
			h, body, err := parseHeader(c.lane, c.spoil(b))
			s := newCouple(t, 4, 100).a
			if err == nil {
				_, err = s.receive(c.lane, h, body)
				require.Equal(t, int64(1), s.stats.Refused)
			}
			require.ErrorContains(t, err, c.want)
			require.Zero(t, s.in[c.lane].received)
		})
	}
}

func TestSlabsForTooManyPlacesAreRefused(t *testing.T) {
	s := newCouple(t, 4, 100).a
	var body []byte
	for d := range Dest(maxDests + 1) {
		body = appendSlab(body, d, nil)
	}
	_, err := s.receive(data, header{kind: kindData, from: 1, to: 1, seq: 1}, body)
	require.ErrorContains(t, err, "65536 places")
	require.Empty(t, s.grants.dests)
}
