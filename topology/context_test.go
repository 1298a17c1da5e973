package topology_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func TestSettings(t *testing.T) {
	type limits struct{ Max int }
	tc := topology.NewContext(topology.Context{Component: "split"}, limits{Max: 3}, nil)
	require.Equal(t, limits{Max: 3}, topology.Settings[limits](tc))
	require.PanicsWithValue(t, `topology: component "split" was declared with settings of type topology_test.limits, not string`,
		func() { topology.Settings[string](tc) })
}

// shelf shares what was opened first, as a runtime does.
type shelf struct {
	topology.Services
	shared map[string]any
}

func (s *shelf) Shared(name string, open func() (any, error)) (any, error) {
	if x, ok := s.shared[name]; ok {
		return x, nil
	}
	x, err := open()
	if err == nil {
		s.shared[name] = x
	}
	return x, err
}

func TestShared(t *testing.T) {
	tc := topology.NewContext(topology.Context{}, nil, &shelf{shared: map[string]any{}})
	refused := errors.New("connection refused")
	_, err := topology.Shared(tc, "pool", func() (io.Reader, error) { return nil, refused })
	require.ErrorIs(t, err, refused)
	require.EqualError(t, err, `shared resource "pool": connection refused`)

	pool, err := topology.Shared(tc, "pool", func() (io.Reader, error) { return strings.NewReader("first"), nil })
	require.NoError(t, err)
	again, err := topology.Shared(tc, "pool", func() (io.Reader, error) { return strings.NewReader("second"), nil })
	require.NoError(t, err)
	require.Same(t, pool, again)

	_, err = topology.Shared(tc, "pool", func() (int, error) { return 1, nil })
	require.EqualError(t, err, `shared resource "pool" is a *strings.Reader, not a int`)
}

func TestMetricsBeginAtZero(t *testing.T) {
	var c topology.Counter
	require.Zero(t, c.Value())
	c.Add(2)
	c.Add(3)
	require.Equal(t, int64(5), c.Value())

	var g topology.Gauge
	require.Zero(t, g.Value())
	g.Set(-1.5)
	require.Equal(t, -1.5, g.Value())
}

func TestFatal(t *testing.T) {
	cause := errors.New("disk is gone")
	err := topology.Fatal(cause)
	require.EqualError(t, err, "disk is gone")
	require.ErrorIs(t, err, cause)
	require.True(t, topology.IsFatal(errors.Join(errors.New("while reading"), err)))
	require.False(t, topology.IsFatal(cause))
	require.False(t, topology.IsFatal(nil))
	require.NoError(t, topology.Fatal(nil), "so that return Fatal(f()) is right")
}
