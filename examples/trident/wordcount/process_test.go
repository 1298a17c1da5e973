package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mainVariable makes the test's binary the command.
const mainVariable = "WORDCOUNT_MAIN"

// command runs the command as a process of its own.
func command(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), mainVariable+"=1"), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestTheCommandAddsUpOverItsRuns(t *testing.T) {
	state := []string{"GALE_STATE=folder:" + t.TempDir()}
	path := write(t, "text", "to be or not to be\n")
	out, errs, code := command(t, state, "-top", "2", path)
	require.Equal(t, 0, code, errs)
	require.Equal(t, "      2 be\n      2 to\n", out)
	require.NoError(t, os.WriteFile(path, []byte("to be or not to be\nbe\n"), 0o600))
	out, errs, code = command(t, state, "-top", "2", path)
	require.Equal(t, 0, code, errs)
	require.Equal(t, "      3 be\n      2 to\n", out)
	out, _, _ = command(t, nil, "-top", "2", path)
	require.Equal(t, "      3 be\n      2 to\n", out, "without a place for its state it begins anew")
}

func TestTheCommandSaysWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"-top is 0":           {"-top", "0"},
		"-top is 101":         {"-top", "101"},
		"usage: wordcount":    {"-nonsense"},
		"no such file":        {"/there/is/none"},
		"wordcount: -top is ": {"-top=-1"},
	} {
		_, errs, code := command(t, nil, args...)
		require.Contains(t, []int{1, 2}, code, "%s: %s", strings.Join(args, " "), errs)
		require.Contains(t, errs, want)
	}
}
