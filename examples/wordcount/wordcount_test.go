package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galestream/gale"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// coreutils counts the words of the files below dir, as main's doc comment says.
func coreutils(t *testing.T, dir string) string {
	t.Helper()
	// Each file is read by itself, so that the last word of one does not grow together with the first
	// of the next.
	script := `find "$1" -type f | while read -r f; do tr -s '[:space:]' '\n' < "$f"; echo; done | grep -av '^$' | sort | uniq -c | sort -k1,1nr -k2,2`
	cmd := exec.Command("sh", "-c", script, "sh", dir)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func count(t *testing.T, top int, paths ...string) string {
	t.Helper()
	var out bytes.Buffer
	topo, err := wordcount(paths, top, &out).Build()
	require.NoError(t, err)
	require.NoError(t, gale.Run(t.Context(), topo, worker.Options{}))
	return out.String()
}

func TestEqualsCoreutils(t *testing.T) {
	dir := filepath.Join(goSources()[0], "strings")
	require.Equal(t, coreutils(t, dir), count(t, 0, dir))
}

func TestOddText(t *testing.T) {
	dir := t.TempDir()
	text := "a  b\tc\va\fb\r\n\n  lead and trail \nno newline at the end é\u00a0ü \xff\xfe a"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "odd"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more"), []byte(strings.Repeat("x y\n", 10000)), 0o600))
	require.Equal(t, coreutils(t, dir), count(t, 0, dir))
}

func TestTop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, []byte("b a b c b a"), 0o600))
	require.Equal(t, "      3 b\n      2 a\n", count(t, 2, file))
}

// TestUnderFaults shows what at-least-once means here: with tuples lost, late and doubled on their
// way, every word is counted, some more than once.
func TestUnderFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("a b c d\n", 200)), 0o600))
	h := topologytest.New(t, wordcount([]string{file}, 0, &bytes.Buffer{}), topologytest.Serialize(),
		topologytest.WithFaults(topologytest.Faults{Drop: 0.02, Delay: 0.1, Duplicate: 0.02}))
	h.Run()
	for _, v := range h.Values("count", "") {
		require.GreaterOrEqual(t, v[1], int64(200), v[0])
	}
}
