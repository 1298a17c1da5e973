package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func TestHelpOfEveryVerb(t *testing.T) {
	code, out, err := gale(t, "-h")
	require.Zero(t, code)
	require.Empty(t, err)
	golden(t, "help/gale.txt", out)
	for _, v := range (&session{}).verbs() {
		code, out, err := gale(t, v.name, "-h")
		require.Zero(t, code, v.name)
		require.Empty(t, err)
		golden(t, "help/"+v.name+".txt", out)
	}
}

func TestEveryExampleIsAVerbsOwn(t *testing.T) {
	for _, v := range (&session{}).verbs() {
		require.Contains(t, v.example, "gale "+v.name, "the example of %s", v.name)
		require.NotEmpty(t, v.usage, v.name)
	}
}

func TestTables(t *testing.T) {
	d := sampleDescription()
	s := client.Merge(d.Reports)
	later := s
	later.Uptime += 2 * time.Second
	for name, write := range map[string]func(w io.Writer) error{
		"list":        listTable([]cluster.Summary{sampleSummary()}, noon).write,
		"describe":    func(w io.Writer) error { return writeDescription(w, &d, noon) },
		"workers":     workerTable(workersOf(&d)).write,
		"errors":      func(w io.Writer) error { return writeErrors(w, troublesOf(&d), noon) },
		"supervisors": supervisorTable(sampleSupervisors(), noon).write,
		"status": func(w io.Writer) error {
			r := statusOf(sampleStatus(), sampleSupervisors())
			return writeStatus(w, &r, noon)
		},
		"state":     stateTable(sampleStates()).write,
		"top":       figuresTable(figuresOf(&later, &s)).write,
		"top-all":   topTable([]topResult{{"wordcount", "running", time.Minute, figuresOf(&s, nil)}}).write,
		"placement": placementTable([]cluster.Placement{{Worker: "W0000000000000AAAAAAAA", Supervisor: "rack1", Host: "h1", Tasks: map[string]int{"lines": 1, "count": 2}}}).write,
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			golden(t, "tables/"+name+".txt", b.String())
		})
	}
}

// results are what verbs write as JSON and YAML.
var results = map[string]any{
	"list": cluster.ListResponse{}, "describe": cluster.Description{}, "workers": workersResult{}, "errors": troubles{}, "top-all": topAllResult{},
	"supervisors": cluster.SupervisorsResponse{}, "status": statusResult{}, "version": versionResult{}, "done": doneResult{},
	"state-list": statesResult{}, "state-get": client.StateValue{}, "query": queryResult{},
	"submit": cluster.SubmitResponse{}, "rebalance": cluster.RebalanceResponse{}, "logs": client.LogLine{},
}

// The names of fields are promised: a change of this test's files is one that breaks programs.
func TestFieldsOfResults(t *testing.T) {
	for name, r := range results {
		var all []string
		fields(reflect.TypeOf(r), "", &all)
		golden(t, "fields/"+name+".txt", strings.Join(all, "\n")+"\n")
		for _, field := range all {
			require.Regexp(t, `^[a-z0-9_.\[\]{}]+ `, field, "%s: names are in lower case, with underscores", name)
		}
	}
}

func fields(typ reflect.Type, path string, all *[]string) {
	switch {
	case typ == reflect.TypeFor[json.RawMessage]():
		*all = append(*all, strings.TrimPrefix(path, ".")+" any JSON")
	case typ.Kind() == reflect.Pointer:
		fields(typ.Elem(), path, all)
	case typ.Kind() == reflect.Slice:
		fields(typ.Elem(), path+"[]", all)
	case typ.Kind() == reflect.Map:
		fields(typ.Elem(), path+"{}", all)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]() && hasExported(typ):
		for f := range fieldsOf(typ) {
			fieldsIn(f, path, all)
		}
	default:
		*all = append(*all, fmt.Sprintf("%s %s", strings.TrimPrefix(path, "."), typ.Kind()))
	}
}

func fieldsOf(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if !yield(typ.Field(i)) {
				return
			}
		}
	}
}

func hasExported(typ reflect.Type) bool {
	return slices.ContainsFunc(slices.Collect(fieldsOf(typ)), func(f reflect.StructField) bool { return f.IsExported() })
}

func fieldsIn(f reflect.StructField, path string, all *[]string) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case f.Anonymous && name == "":
		fields(f.Type, path, all)
	case name == "":
		fields(f.Type, path+"."+f.Name, all)
	default:
		fields(f.Type, path+"."+name, all)
	}
}
