package topology_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

// emitOne returns what a port sees of an emit of x.
func emitOne(x any) emission {
	p := &port{}
	topology.NewCollector(p, []*topology.Stream{{Name: topology.DefaultStream, Fields: []string{"x"}}}).Emit(x)
	return p.last()
}

func TestEmitRefusesWhatIsNotOfTheSet(t *testing.T) {
	type order struct{}
	type word string
	for want, x := range map[string]any{
		"*topology_test.order": &order{},
		"topology_test.order":  order{},
		"topology_test.word":   word("named types are not of the set"),
		"[]string":             []string{"a"},
		"map[string]string":    map[string]string{},
		"chan int":             make(chan int),
		"uintptr":              uintptr(1),
		"complex128":           complex(1, 1),
		"uint64":               uint64(math.MaxInt64) + 1,
		"uint":                 uint(math.MaxUint),
	} {
		t.Run(want, func(t *testing.T) {
			var typeError *topology.TypeError
			require.ErrorAs(t, emitOne(x).Err, &typeError)
			require.Equal(t, want, typeError.Type)
			require.NotEmpty(t, typeError.Reason)
		})
	}
}

func TestEmitTakesOthersWrapped(t *testing.T) {
	type order struct{ n int }
	x := &order{n: 1}
	e := emitOne(topology.Of(x))
	require.NoError(t, e.Err)
	require.Same(t, x, e.Values[0])
}

func TestEmitCopiesListsAndMaps(t *testing.T) {
	inner := []any{"a"}
	list := []any{inner, 1}
	attributes := map[string]any{"list": inner}
	p := &port{}
	out := topology.NewCollector(p, []*topology.Stream{{Name: topology.DefaultStream, Fields: []string{"l", "m"}}})

	var kept []topology.Value
	p.within = func(e *topology.Emission) { kept = append(kept, e.Values...) }
	out.Emit(list, attributes)
	inner[0], list[1], attributes["new"] = "changed", 2, true

	require.Equal(t, []any{[]any{"a"}, int64(1)}, kept[0].Any())
	require.Equal(t, map[string]any{"list": []any{"a"}}, kept[1].Any())
}

// nested returns lists within lists, depth of them, around x.
func nested(depth int, x any) any {
	for range depth {
		x = []any{x}
	}
	return x
}

func TestNestingIsBounded(t *testing.T) {
	require.NoError(t, emitOne(nested(63, "x")).Err)
	require.NoError(t, emitOne(nested(63, nil)).Err)

	require.EqualError(t, emitOne(nested(64, nil)).Err, "a value of type nil can't be emitted: it is nested deeper than 64")
	err := emitOne(nested(64, "x")).Err
	require.EqualError(t, err, "a value of type string can't be emitted: it is nested deeper than 64")
	require.Error(t, emitOne(nested(100_000, "x")).Err)
	require.Error(t, emitOne(map[string]any{"deep": nested(64, 1)}).Err)
}

func TestWhatContainsItselfIsAnError(t *testing.T) {
	list := []any{nil, "x"}
	list[0] = list
	require.ErrorContains(t, emitOne(list).Err, "nested deeper than 64")

	twice := []any{nil, nil}
	twice[0], twice[1] = twice, twice
	require.ErrorContains(t, emitOne(twice).Err, "nested deeper than 64")

	attributes := map[string]any{}
	attributes["self"], attributes["again"] = attributes, []any{attributes}
	require.ErrorContains(t, emitOne(attributes).Err, "nested deeper than 64")
}
