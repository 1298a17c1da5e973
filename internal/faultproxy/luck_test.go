package faultproxy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJitterIsTheSameForASeed(t *testing.T) {
	p, err := New("127.0.0.1:1")
	require.NoError(t, err)
	defer p.Close()
	draw := func(seed uint64, d Direction) (drawn [10]float64) {
		p.Set(Both, Faults{Seed: seed})
		for i := range drawn {
			drawn[i] = p.luck(d)
		}
		return drawn
	}
	require.Equal(t, draw(3, ToServer), draw(3, ToServer))
	require.NotEqual(t, draw(3, ToServer), draw(4, ToServer))
	require.NotEqual(t, draw(3, ToServer), draw(3, ToClient))
}
