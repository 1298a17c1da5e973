package cli

import (
	"strconv"
	"strings"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// answersEcho has the fake's cluster run a topology that answers the query "echo" with its argument.
func answersEcho(t *testing.T, f *fake) {
	t.Helper()
	summary := cluster.Summary{Name: "mirror", ID: "Tmirror", Status: cluster.Active, Generation: 1}
	tasks := map[string]int{"trident.coordinator": 1, "echoes": 1}
	d := cluster.Description{Summary: summary, Parallelism: tasks, Workers: []cluster.WorkerStatus{{ID: "W", Generation: 1, Tasks: tasks}}}
	for id := range tasks {
		d.Definition.Components = append(d.Definition.Components, cluster.Component{ID: id, Parallelism: 1})
	}
	on(f, cluster.VerbList, func(cluster.Empty) (any, error) {
		return cluster.ListResponse{Topologies: []cluster.Summary{summary}}, nil
	})
	on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) { return d, nil })
	_, err := f.nc.Subscribe(cluster.QuestionSubject(d.ID, "W"), func(m *nats.Msg) {
		q, err := cluster.DecodeQuestion(m.Data)
		if err != nil {
			return // and the asker gets no answer
		}
		body := `{"queries":[{"name":"echo","component":"echoes"}]}`
		if q.Component == "echoes" {
			body = "[" + strconv.Quote("<"+string(q.Request)+">") + "]"
		}
		a := cluster.Answer{Outcome: cluster.Answered, Body: []byte(body)}
		_ = m.Respond(a.Append(nil))
	})
	require.NoError(t, err)
	require.NoError(t, f.nc.Flush())
}

func TestTheArgumentOfAQueryMayBeLeftOut(t *testing.T) {
	f := startFake(t)
	answersEcho(t, f)
	for line, want := range map[string]string{
		"query echo": "<>", "query echo --topology mirror": "<>", "query echo word": "<word>", "query echo -- -word": "<-word>", "query -- echo": "<>",
	} {
		code, out, err := f.gale(t, strings.Fields(line)...)
		require.Zero(t, code, "%s: %s", line, err)
		require.Equal(t, want+"\n", out, line)
	}
	_, out, err := f.gale(t, "complete-words", "--", "query", "")
	require.Equal(t, "echo\n", out, err)
}
