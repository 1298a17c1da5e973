package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxExposure is that of `systemd-analyze security`, in tenths: a unit without any option has 96.
const maxExposure = "20"

func TestSystemdTakesTheUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	var files []string
	dir := t.TempDir()
	for _, name := range units {
		files = append(files, writeRunnable(t, dir, "gale-"+name+".service"))
	}
	out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, files...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), dir, "it warns of nothing")
	for _, file := range files {
		out, err := exec.Command(analyze, "security", "--offline=yes", "--no-pager", "--threshold="+maxExposure, file).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

// writeRunnable writes the unit with a program that is there, which systemd-analyze looks for.
func writeRunnable(t *testing.T, dir, name string) (file string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("systemd", name))
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	file = filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), "/usr/local/bin/gale", program, 1)), 0o600))
	return file
}
