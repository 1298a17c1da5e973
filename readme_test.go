package gale_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestReadmePrograms runs the README's program and its test, in a module of their own that uses this
// one. The sh blocks are run by .ci/readme.
func TestReadmePrograms(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := goBlock.FindAllSubmatch(readme, -1)
	require.Len(t, blocks, 2, "a program and its test")
	dir := userModule(t)
	for i, name := range []string{"main.go", "main_test.go"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), blocks[i][1], 0o600))
	}
	license, err := os.ReadFile("LICENSE") // which the program reads
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "LICENSE"), license, 0o600))
	run(t, dir, "go", "test", ".")
	require.Contains(t, run(t, dir, "go", "run", "."), "http://www.apache.org/licenses/LICENSE-2.0")
}

// userModule makes a module that requires this one, with the same versions of the others.
func userModule(t *testing.T) (dir string) {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	dir = t.TempDir()
	text := strings.Replace(string(mod), "module "+module, "module readme", 1) +
		"\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + root + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
	return dir
}

func run(t *testing.T, dir string, args ...string) (stdout string) {
	t.Helper()
	var errors strings.Builder
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stderr = dir, &errors
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, &errors)
	return string(out)
}
