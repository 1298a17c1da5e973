package topology_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func TestRegisterNamesTypesBothWays(t *testing.T) {
	type registered struct{}
	topology.Register[registered]("registry_test.registered")
	topology.Register[registered]("registry_test.registered") // the same again is no fault

	typ, ok := topology.RegisteredType("registry_test.registered")
	require.True(t, ok)
	require.Equal(t, reflect.TypeFor[registered](), typ)
	name, ok := topology.RegisteredName(registered{})
	require.True(t, ok)
	require.Equal(t, "registry_test.registered", name)
}

func TestRegisterTellsPointersFromWhatTheyPointTo(t *testing.T) {
	type pointed struct{}
	topology.Register[*pointed]("registry_test.pointed")

	_, ok := topology.RegisteredName(pointed{})
	require.False(t, ok)
	_, ok = topology.RegisteredName(&pointed{})
	require.True(t, ok)
}

func TestRegisterRefusesSecondNamesAndTypes(t *testing.T) {
	type first struct{}
	type second struct{}
	topology.Register[first]("registry_test.first")

	require.PanicsWithValue(t, `topology: Register[topology_test.first]("registry_test.other"): the name belongs to <nil>, the type is named "registry_test.first"`,
		func() { topology.Register[first]("registry_test.other") })
	require.Panics(t, func() { topology.Register[second]("registry_test.first") })
	_, ok := topology.RegisteredName(second{})
	require.False(t, ok, "a refused registration leaves nothing")
	_, ok = topology.RegisteredType("registry_test.other")
	require.False(t, ok)
}

func TestUnknownNamesAndTypes(t *testing.T) {
	_, ok := topology.RegisteredType("registry_test.unknown")
	require.False(t, ok)
	_, ok = topology.RegisteredName(nil)
	require.False(t, ok)
}
