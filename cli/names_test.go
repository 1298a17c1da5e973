package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

// hostile are names that lead out of folders, into shells and into other subjects where they are trusted (S-01).
func hostile() (all []string) {
	for _, up := range []string{"../", "..\\", "%2e%2e%2f", "%252e%252e%252f", "..%c0%af", "‥/", "．．/", "....//", "/../", "./../"} {
		for _, file := range []string{"id", "etc/passwd", "keys/operator.nk", "secret", "lock"} {
			for n := 1; n <= 4; n++ {
				all = append(all, strings.Repeat(up, n)+file)
			}
		}
	}
	return append(all, "", ".", "..", "/", "/etc/passwd", "a/b", "a\x00b", "\x00", "~", "-rf", "--data=/", "$(id)", "`id`", "a;id", "a|id", "a\nb",
		strings.Repeat("a", 300), "a b", "é", "a\u202eb", "\x1b[2J", "*", ">", "a.*", "a..b", "a.", "$KV.gale.epoch", "\xff\xfe")
}

// texts says of each flag with a text what it is. One that is a name is refused where it is none.
var texts = map[string]string{
	"nats": "address", "host": "address",
	"creds": "file", "tls-ca": "file", "tls-cert": "file", "tls-key": "file", "tls-client-ca": "file", "worker-cert": "file", "worker-key": "file", "account-key": "file", "apps-key": "file", "config": "file", "data": "folder", "health-checks": "folder",
	"output": "choice", "log-level": "choice", "log-format": "choice",
	"grep": "pattern", "worker": "end of an id that the cluster has", "label": "what is compared", "set": "argument of the program", "env": "variable of the program",
	"id": "name", "component": "name", "topology": "name", "parallelism": "name",
}

func isText(f cli.Flag) bool {
	switch f.(type) {
	case *cli.StringFlag, *cli.StringSliceFlag, *cli.PathFlag, *cli.GenericFlag:
		return true
	}
	return false
}

// lines returns the command lines in which the text stands where a name should.
func lines(t *testing.T, v *verb, text string) (all [][]string) {
	rest := map[string][]string{"logs": {"words"}, "rebalance": {"words"}, "submit": {"nothing"}, "dev": {"nothing"}, "query": {"reach", "argument"}}[v.name]
	if v.name == "state" {
		all = append(all, []string{v.name, "list", text}, []string{v.name, "get", text, "counts", "key"}, []string{v.name, "drop", text, "--yes"})
	}
	if strings.HasPrefix(strings.Trim(v.args, "["), "NAME") || strings.HasPrefix(v.args, "SUPERVISOR") {
		all = append(all, []string{v.name, text})
	}
	for _, f := range v.flags {
		if !isText(f) {
			continue
		}
		name := f.Names()[0]
		require.Contains(t, texts, name, "of the flag --%s of %s it is not said what its text is", name, v.name)
		if texts[name] != "name" {
			continue
		}
		value := text
		if name == "parallelism" {
			value += "=1"
		}
		if v.name == "supervisor" {
			rest = []string{"--data", filepath.Join(t.TempDir(), "data")}
		}
		all = append(all, append([]string{v.name, "--" + name + "=" + value}, rest...))
	}
	return all
}

// refusal is the exit code: daemons check their own ids.
func refusal(v *verb) int {
	if v.name == "nimbus" || v.name == "supervisor" {
		return exitFailed
	}
	return exitUsage
}

// unnamed says whether a flag whose text is empty is as one that is not given.
func unnamed(line []string, text string) bool {
	return text == "" && strings.HasSuffix(line[1], "=")
}

func TestS01NamesOnTheCommandLineLeadNowhere(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	t.Setenv("HOME", t.TempDir())
	require.Greater(t, len(hostile()), 200)
	tried := map[string]int{}
	for _, v := range (&session{}).verbs() {
		for _, text := range hostile() {
			for _, line := range lines(t, v, text) {
				if unnamed(line, text) {
					continue
				}
				code, out, err := f.gale(t, line...)
				require.Equal(t, refusal(v), code, "%q: %s", line, err)
				require.Empty(t, out)
				require.NotContains(t, err, "goroutine")
				require.NotContains(t, err, "\x1b", "it is told so that a terminal can show it")
				tried[v.name]++
			}
		}
	}
	for _, name := range []string{"kill", "activate", "deactivate", "rebalance", "describe", "workers", "top", "logs", "errors", "drain", "submit", "state", "query", "nimbus", "supervisor"} {
		require.GreaterOrEqual(t, tried[name], 200, name)
	}
}
