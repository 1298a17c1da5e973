package process

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// logVariable names the log that this program is to write, in place of tests.
const logVariable = "GALE_TEST_LOG"

const (
	logLines = 20_000
	logLimit = 8 << 10
	logFiles = 4
)

// writeLog writes numbered lines to standard output and error, until each has been, and rotates the log meanwhile.
func writeLog(file string) {
	ctx, cancel := context.WithCancel(context.Background())
	var rotating sync.WaitGroup
	l := logFile{file, logLimit, logFiles}
	rotating.Go(func() { l.run(ctx, zap.NewNop()) })
	for i := range logLines {
		fmt.Fprintf([]*os.File{os.Stdout, os.Stderr}[i%2], "%d\n", i)
		if i%100 == 0 {
			_ = l.maybeRotate()
		}
	}
	cancel()
	rotating.Wait()
}

// A log that is rotated while it is written holds the last lines without a gap, in as many files as it may have.
func TestLogIsRotated(t *testing.T) {
	name := filepath.Join(t.TempDir(), "worker.log")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer f.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), logVariable+"="+name)
	c.Stdout, c.Stderr = f, f
	require.NoError(t, c.Run())

	files, err := filepath.Glob(name + "*")
	require.NoError(t, err)
	require.Len(t, files, logFiles)
	var lines []int
	for i := logFiles - 1; i >= 0; i-- {
		lines = append(lines, numbersIn(t, logFile{name: name}.numbered(i))...)
	}
	require.Greater(t, len(lines), 3*logLimit/len("10000\n"), "as much is kept as may be")
	for i, n := range lines {
		require.Equal(t, logLines-len(lines)+i, n)
	}
}

func numbersIn(t *testing.T, name string) (numbers []int) {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		n, err := strconv.Atoi(s.Text())
		require.NoError(t, err)
		numbers = append(numbers, n)
	}
	return numbers
}
