package security

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

// places returns where a request of the type has text, as paths through its JSON: "a.b" is the member b of a, "a[]" an element of the
// array a, "a{}" a key of the object a and "a{=}" a value.
func places(of reflect.Type, at string) (all []string) {
	switch of.Kind() {
	case reflect.String:
		return []string{at}
	case reflect.Pointer:
		return places(of.Elem(), at)
	case reflect.Slice:
		return places(of.Elem(), at+"[]")
	case reflect.Map:
		return append(places(of.Key(), at+"{}"), places(of.Elem(), at+"{=}")...)
	case reflect.Struct:
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			all = append(all, places(of.Field(i).Type, strings.TrimPrefix(at+"."+name, "."))...)
		}
	}
	return all
}

// put returns the request with the text at the place, in JSON.
func put(t *testing.T, request any, place, text string) []byte {
	t.Helper()
	data, err := json.Marshal(request)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(data, &tree))
	data, err = json.Marshal(planted(tree, strings.Split(place, "."), text))
	require.NoError(t, err)
	return data
}

// planted returns the tree with the text at the end of the path.
func planted(tree any, path []string, text string) any {
	if len(path) == 0 {
		return text
	}
	m, _ := tree.(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	name, rest := path[0], path[1:]
	switch bare := strings.TrimRight(name, "[]{}="); strings.TrimPrefix(name, bare) {
	case "[]":
		list, _ := m[bare].([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = planted(list[0], rest, text)
		m[bare] = list
	case "{}":
		m[bare] = map[string]any{text: firstOf(m[bare])}
	case "{=}":
		m[bare] = map[string]any{"key": planted(nil, rest, text)}
	default:
		m[bare] = planted(m[bare], rest, text)
	}
	return m
}

// firstOf is a value that the object has, so that another key may bear it.
func firstOf(object any) any {
	m, _ := object.(map[string]any)
	for _, v := range m {
		return v
	}
	return nil
}

func TestS01PlacesAreFound(t *testing.T) {
	require.Equal(t, []string{"topology_id", "worker"}, places(reflect.TypeFor[cluster.CredentialsRequest](), ""))
	require.Equal(t, []string{"name", "parallelism{}"}, places(reflect.TypeFor[cluster.RebalanceRequest](), ""))
	require.JSONEq(t, `{"topology_id":"x","worker":"../w"}`, string(put(t, cluster.CredentialsRequest{TopologyID: "x"}, "worker", "../w")))
	r := cluster.RebalanceRequest{Name: "a", Parallelism: map[string]int{"b": 7}}
	require.JSONEq(t, `{"name":"a","parallelism":{"../c":7}}`, string(put(t, r, "parallelism{}", "../c")))
}
