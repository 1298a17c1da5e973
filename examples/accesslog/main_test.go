package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// asProgram in the environment has the test binary be the program.
const asProgram = "ACCESSLOG_TEST_AS_PROGRAM=1"

func TestMain(m *testing.M) {
	if name, value, _ := strings.Cut(asProgram, "="); os.Getenv(name) == value {
		main()
	}
	goleak.VerifyTestMain(m)
}

// run runs the program.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestProgramEndsByItself(t *testing.T) {
	code, stdout, stderr := run(t, "-from-start", "-duration", "2s", "testdata/access.log")
	require.Zero(t, code, stderr)
	require.ElementsMatch(t, wantOfTestdata(t), linesOf(stdout))
}

func TestWrongUseExitsWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"a.log", "b.log"},
		{"a.log", "-from-start"},
		{"-no-such-flag", "a.log"},
		{"-window", "1ms", "a.log"},
	} {
		code, stdout, stderr := run(t, args...)
		require.Equal(t, 2, code, "%q", args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "usage: accesslog [flags] FILE")
	}
	code, _, stderr := run(t, "-h")
	require.Zero(t, code)
	require.Contains(t, stderr, "usage: accesslog [flags] FILE")
}

func TestAFolderIsAFailure(t *testing.T) {
	code, _, stderr := run(t, "-duration", "1s", "testdata")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "testdata is not a regular file")
}

// errBroken is what writing to a pipe gives that nobody reads.
var errBroken = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }
