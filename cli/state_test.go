package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func sampleStates() []client.StateInfo {
	return []client.StateInfo{
		{Topology: "wordcount", Name: "counts", Kind: "map", Component: "count", KeyType: "string", Partitions: 4, Answered: 4, Keys: 120_000, Bytes: 3 << 20, TxID: 17, Running: true},
		{Topology: "wordcount", Name: "total", Kind: "value", Component: "sum", Partitions: 1, TxID: 17, Running: true},
		{Topology: "yesterday", Name: "counts", Kind: "map", Component: "count", KeyType: "string", Partitions: 1, Answered: 1, Keys: 2, Bytes: 20, TxID: 9},
	}
}

func TestStateIsDroppedWhenItIsConfirmed(t *testing.T) {
	f := startFake(t)
	var dropped []string
	on(f, cluster.VerbDropState, func(r cluster.NameRequest) (any, error) {
		dropped = append(dropped, r.Name)
		return cluster.Empty{}, nil
	})
	code, out, err := f.gale(t, "state", "drop", "wordcount") // standard input is at its end
	require.Equal(t, exitConflict, code)
	require.Empty(t, out)
	require.Contains(t, err, `All state of topology "wordcount" is lost for good. Drop it? [y/N] `)
	require.Contains(t, err, "nothing was dropped")
	require.Empty(t, dropped)

	code, out, err = f.gale(t, "state", "drop", "wordcount", "-y")
	require.Zero(t, code, err)
	require.Equal(t, "wordcount: state dropped\n", out)
	require.Equal(t, []string{"wordcount"}, dropped)
}

func TestMistakesInStateAndQuery(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	for line, want := range map[string]string{
		"state":                        "needs list|get|drop",
		"state lst":                    `gale state has no "lst": it is list, get or drop`,
		"state list a b":               `"b" is one argument too many`,
		"state list --yes":             "--yes is for gale state drop",
		"state get a":                  "gale state get needs STATE",
		"state get a b":                "gale state get needs KEY",
		"state get a b c d":            `"d" is one argument too many`,
		"state get a/b c d":            "must match",
		"state drop":                   "gale state drop needs TOPOLOGY",
		"state drop * -y":              "must match",
		"state list -- -x":             "must match",
		"query":                        "needs NAME",
		"query reach a b":              "too many",
		"query a..b":                   "two in a row",
		"query a. x":                   "a dot at its end",
		"query a/b x":                  "must match",
		"query reach x --topology=a/b": "must match",
		"query -- -x y":                "must match",
		"query reach x --timeout soon": "invalid value",
	} {
		code, out, err := f.gale(t, strings.Fields(line)...)
		require.Equal(t, exitUsage, code, "%s: %s", line, err)
		require.Empty(t, out)
		require.Contains(t, err, want, line)
	}
}

func TestValuesAreWrittenInALine(t *testing.T) {
	var b bytes.Buffer
	var values []json.RawMessage
	for _, v := range []string{`1`, `"two\nlines\u001b[2J"`, `{"a":[1,2]}`, `null`, `12345678901234567890`, `"<&>"`} {
		values = append(values, json.RawMessage(v))
	}
	require.NoError(t, writeValues(&b, values))
	require.Equal(t, "1\ntwo\\nlines�[2J\n{\"a\":[1,2]}\nnull\n12345678901234567890\n<&>\n", b.String())
}
