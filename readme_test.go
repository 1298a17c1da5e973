package gale_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestReadmePrograms runs the README's programs and the test of the first, in modules of their own that use this
// one. The sh blocks are run by .ci/readme.
func TestReadmePrograms(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := goBlock.FindAllSubmatch(readme, -1)
	require.Len(t, blocks, 3, "a program, one with Trident, and the test of the first")
	longest, counting := userModule(t), userModule(t)
	write(t, longest, "main.go", blocks[0][1])
	write(t, counting, "main.go", blocks[1][1])
	write(t, longest, "main_test.go", blocks[2][1])
	license, err := os.ReadFile("LICENSE") // which the programs read
	require.NoError(t, err)
	write(t, longest, "LICENSE", license)
	write(t, counting, "LICENSE", license)
	run(t, longest, "go", "test", ".")
	require.Contains(t, run(t, longest, "go", "run", "."), "http://www.apache.org/licenses/LICENSE-2.0")
	counted := strings.Count(" "+strings.ToLower(strings.Join(strings.Fields(string(license)), "  "))+" ", " license ")
	require.Contains(t, run(t, counting, "go", "run", "."), fmt.Sprintf("license %d\n", counted))
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
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
