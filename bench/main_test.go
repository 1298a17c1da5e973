package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galestream/gale/internal/leak"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if isMember() || isFlow() {
		main()
		return
	}
	goleak.VerifyTestMain(m, leak.OfPut())
}

// outcome is what a command line gives.
type outcome struct {
	code           int
	stdout, stderr string
}

func invoke(args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

func TestWrongUse(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-case", "word-count"}, `there is no case "word-count", did you mean "wordcount"?`},
		{[]string{"-case", "wordcount,const-nul-acked"}, `did you mean "const-null-acked"?`},
		{[]string{"-case", "wordcount,"}, `there is no case ""`},
		{[]string{"-seconds", "0"}, "-seconds 0 is not in [0.1, 3600]"},
		{[]string{"-seconds", "NaN"}, "-seconds NaN is not in [0.1, 3600]"},
		{[]string{"wordcount"}, "-case wordcount"},
		{[]string{"-cases", "wordcount"}, "not defined: -cases"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			o := invoke(c.args...)
			require.Equal(t, exitUsage, o.code)
			require.Contains(t, o.stderr, c.says)
			require.Empty(t, o.stdout)
		})
	}
}

func TestHelp(t *testing.T) {
	o := invoke("-h")
	require.Equal(t, exitOK, o.code)
	require.Contains(t, o.stdout, "-cpuprofile")
	require.Empty(t, o.stderr)
}

func TestList(t *testing.T) {
	o := invoke("-list")
	require.Equal(t, outcome{stdout: "const-null-acked\nconst-null-unacked\nconst-id-null-acked\nconst-id-null-unacked\nwordcount\nfanout-acked\nlatency-50k\nxworker-acked\nxworker-unacked\nxworker-latency-20k\n" +
		"submit-to-first-tuple\ndev-ready\nidle-rss-mb\nfailover-worker\nfailover-hung\nfailover-supervisor\nfailover-leader\n" +
		"trident-wordcount\ntrident-wordcount-xworker\ntrident-jetstream\ntrident-latency-20k\ntrident-latency-20k-jetstream\ntrident-idle\ntrident-recovery\ndrpc\n"}, o)
}

// The keys are a contract with those who compare runs.
func TestJSONHasExactlyTheKeys(t *testing.T) {
	o := invoke("-json", "-seconds", "0.1", "-case", "const-id-null-acked,const-null-unacked")
	require.Equal(t, exitOK, o.code, o.stderr)
	require.Empty(t, o.stderr)
	lines := strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n")
	require.Len(t, lines, 2)
	for i, name := range []string{"const-id-null-acked", "const-null-unacked"} {
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &object))
		require.Equal(t, name, object["case"])
		var keys []string
		for k := range object {
			keys = append(keys, k)
		}
		require.ElementsMatch(t, []string{"case", "unit", "value", "limit", "ratio", "p50_us", "p99_us", "p999_us", "cpu_s_per_m", "allocs_per_tuple"}, keys)
	}
}

func TestCPUProfileIsWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cpu.prof")
	o := invoke("-json", "-seconds", "0.1", "-case", "const-null-unacked", "-cpuprofile", name)
	require.Equal(t, exitOK, o.code, o.stderr)
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, []byte{0x1f, 0x8b}, b[:2], "gzip, as pprof reads it")
}

func TestProfileThatCannotBeWritten(t *testing.T) {
	o := invoke("-case", "wordcount", "-cpuprofile", filepath.Join(t.TempDir(), "none", "cpu.prof"))
	require.Equal(t, exitFailed, o.code)
	require.Contains(t, o.stderr, "no such file")
}
