package nimbus

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/cluster"
)

// What is refused leaves nothing behind: no record, no worker. Its program may be another's, who is about to submit it.
func TestWhatSubmitRefuses(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 3)
	for _, c := range []struct {
		what   string
		change func(q *cluster.SubmitRequest)
		code   cluster.Code
		says   string
	}{
		{"a definition with faults", func(q *cluster.SubmitRequest) { q.Definition.Components = nil }, cluster.Invalid, "components"},
		{"another protocol", func(q *cluster.SubmitRequest) { q.Definition.Protocol++ }, cluster.Invalid, "protocol"},
		{"a name that is no subject", func(q *cluster.SubmitRequest) { q.Definition.Name = "a..b" }, cluster.Invalid, `"a..b"`},
		{"a name with a dot at its end", func(q *cluster.SubmitRequest) { q.Definition.Name = "a." }, cluster.Invalid, `"a."`},
		{"a program for another machine", func(q *cluster.SubmitRequest) { q.Definition.OS = "plan9" }, cluster.Invalid, "plan9"},
		{"a label that no supervisor has", func(q *cluster.SubmitRequest) { q.Definition.Labels = map[string]string{"gpu": "true"} }, cluster.NoRoom, "gpu"},
		{"too few slots", func(q *cluster.SubmitRequest) { q.Workers = 4 }, cluster.NoRoom, "4"},
		{"a component that is not there", func(q *cluster.SubmitRequest) { q.Parallelism = map[string]int{"none": 1} }, cluster.Invalid, "none"},
		{"a program that is not there", func(q *cluster.SubmitRequest) { q.Program.Digest = strings.Repeat("0", 64) }, cluster.Invalid, "not uploaded"},
		{"a program of another size", func(q *cluster.SubmitRequest) { q.Program.Size++ }, cluster.Invalid, "bytes"},
		{"a definition that is too large to be kept", func(q *cluster.SubmitRequest) {
			for i := range q.Definition.Components {
				q.Definition.Components[i].Streams = []cluster.Stream{{Name: "default", Fields: []string{strings.Repeat("x", 347_000)}}}
			}
		}, cluster.Invalid, "bytes, at most"},
		{"a new program for a topology that is not there", func(q *cluster.SubmitRequest) { q.Replace = true }, cluster.NotFound, "no topology"},
	} {
		t.Run(c.what, func(t *testing.T) {
			q := r.request("words", c.change)
			e := r.refused(c.code, cluster.VerbSubmit, q)
			require.Contains(t, e.Error(), c.says)
			var l cluster.ListResponse
			r.must(cluster.VerbList, cluster.Empty{}, &l)
			require.Empty(t, l.Topologies)
			_, there := r.topology(q.Definition.Name)
			require.False(t, there)
			require.True(t, r.stored(program("program of words")))
		})
	}
	require.Zero(t, m.workers())
}

// The server may take a topology's record and refuse its assignment. What was recorded will run: so it was accepted.
func TestWhatIsHalfWrittenIsAccepted(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 4)
	r.limitRecords(8 << 10)
	many := func(n int) func(*cluster.SubmitRequest) {
		return func(q *cluster.SubmitRequest) { q.Parallelism = map[string]int{"count": n} }
	}
	s := r.submit("words", many(5000))
	_, there := r.assignment("words")
	require.False(t, there)
	r.limitRecords(-1)
	require.Equal(t, s.ID, r.awaitState("words", "running", s.Generation).ID)

	r.limitRecords(8 << 10)
	var b cluster.RebalanceResponse
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1}, &b)
	require.Nil(t, func() *cluster.Generation { a, _ := r.assignment("words"); return a.Next }())
	r.limitRecords(-1)
	r.awaitState("words", "running", b.Generation)
}

// limitRecords has the server refuse records that are larger.
func (r *rig) limitRecords(bytes int32) {
	s, err := r.js.Stream(r.t.Context(), "KV_"+cluster.Bucket)
	require.NoError(r.t, err)
	c := s.CachedInfo().Config
	c.MaxMsgSize = bytes
	_, err = r.js.UpdateStream(r.t.Context(), c)
	require.NoError(r.t, err)
}

func TestANameInUse(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8)
	r.submit("words")
	e := r.refused(cluster.Conflict, cluster.VerbSubmit, r.request("words"))
	require.Contains(t, e.Hint, "--replace")
	require.True(t, r.stored(r.request("words").Program), "it is the program of the one that runs")
}

func TestNobodyIsThereToRunIt(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	e := r.refused(cluster.NoRoom, cluster.VerbSubmit, r.request("words"))
	require.Contains(t, e.Hint, "of 0 slots")
}

func TestADryRunLeavesNoTrace(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 8)
	var s cluster.SubmitResponse
	dry := func(q *cluster.SubmitRequest) { q.DryRun, q.Program.Digest = true, strings.Repeat("0", 64) }
	r.must(cluster.VerbSubmit, r.request("words", dry), &s)
	require.Len(t, s.Placement, 2)
	require.Empty(t, s.ID)
	require.Equal(t, cluster.Placement{Supervisor: "a", Host: "host-a", Tasks: s.Placement[0].Tasks}, s.Placement[0])
	r.refused(cluster.NotFound, cluster.VerbDescribe, cluster.NameRequest{Name: "words"})

	r.submit("words")
	r.awaitState("words", "running", 1)
	before, _ := r.assignment("words")
	r.must(cluster.VerbSubmit, r.request("words", dry, func(q *cluster.SubmitRequest) { q.Replace, q.Workers = true, 3 }), &s)
	require.Len(t, s.Placement, 3)
	after, _ := r.assignment("words")
	require.Equal(t, before, after)
	require.Equal(t, 2, m.workers())
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	for _, verb := range cluster.Verbs {
		_, err := endpoints[verb]([]byte("["))
		require.Equal(t, cluster.Invalid, cluster.CodeOf(err), verb)
	}
	for _, verb := range []string{cluster.VerbSubmit, cluster.VerbKill, cluster.VerbActivate, cluster.VerbDeactivate, cluster.VerbRebalance, cluster.VerbDescribe, cluster.VerbDrain, cluster.VerbCredentials} {
		_, err := endpoints[verb]([]byte("{}"))
		require.Equal(t, cluster.Invalid, cluster.CodeOf(err), verb)
	}
	require.Len(t, endpoints, len(cluster.Verbs))
}

// S-12: what submit refuses, rebalance refuses.
func TestS12RebalanceRefusesWhatSubmitRefuses(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 64, func(m *machine) { m.acts = neverReady })
	r.submit("words")
	r.awaitState("words", "running", 1)
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(-2, cluster.MaxWorkers+2).Draw(t, "workers")
		parallelism := rapid.MapOf(rapid.SampledFrom([]string{"count", "lines", "none", "../x", ""}), rapid.SampledFrom([]int{-1, 0, 1, 2, 30_000, 65_535, 65_536})).Draw(t, "parallelism")
		submit := cluster.SubmitRequest{Definition: words("other"), Program: cluster.Program{Digest: strings.Repeat("0", 64), Size: 1}, Workers: workers, Parallelism: parallelism, DryRun: true}
		rebalance := cluster.RebalanceRequest{Name: "words", Workers: workers, Parallelism: parallelism, Spread: true}
		submitted := cluster.CodeOf(r.ask(cluster.VerbSubmit, &submit, nil))
		if submitted != cluster.Invalid {
			return // a rebalance would be accepted, or find no room
		}
		require.Equal(t, cluster.Invalid, cluster.CodeOf(r.ask(cluster.VerbRebalance, &rebalance, nil)))
	})
}

func TestCredentialsAreForWorkersOnly(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", func(o *Options) { o.Issuer = issuer{} })
	r.machine("a", 8)
	s := r.submit("words")
	ask := cluster.CredentialsRequest{TopologyID: s.ID, Worker: s.Placement[0].Worker}
	var c cluster.CredentialsResponse
	r.must(cluster.VerbCredentials, ask, &c)
	require.Equal(t, "words "+ask.TopologyID+" "+ask.Worker, c.Credentials)
	require.Equal(t, "words "+ask.Worker, c.State)
	ask.Worker = "another"
	r.refused(cluster.NotFound, cluster.VerbCredentials, ask)
	r.refused(cluster.NotFound, cluster.VerbCredentials, cluster.CredentialsRequest{TopologyID: "other", Worker: s.Placement[0].Worker})
}

type issuer struct{}

func (issuer) WorkerCredentials(topology, topologyID, worker string) (string, error) {
	return topology + " " + topologyID + " " + worker, nil
}

func (issuer) StateCredentials(topology, worker string) (string, error) {
	return topology + " " + worker, nil
}

func (issuer) ReadCredentials(topology, reader string) (string, error) {
	return "", nil
}

func (issuer) DropCredentials(topology, dropper string) (string, error) {
	return "", nil
}
