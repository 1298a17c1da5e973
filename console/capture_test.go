package console

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// stdout returns a file that stands for os.Stdout, empty.
func stdout(t *testing.T) *os.File {
	f, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestCaptureShowsWhatIsPrinted(t *testing.T) {
	v := newVT(40, 8)
	s := newScreen(v)
	s.begin()
	s.draw([]string{"a long title of a table", "row"})
	original := stdout(t)
	file := original
	release, err := capture(above{s}, &file)
	require.NoError(t, err)
	var printed []string
	for i := range 10_000 {
		printed = append(printed, fmt.Sprintf("line %d", i))
		fmt.Fprintln(file, printed[i])
	}
	fmt.Fprint(file, "no end")
	release()
	require.Same(t, original, file)
	require.Equal(t, shows(printed, []string{"a long title of a table", "row"}), v.lines())
	s.end()
	require.Equal(t, append(printed, "no end"), v.lines())
}

// A child process may live on with its copy of the pipe: release doesn't wait for its end.
func TestCaptureIsReleasedThoughAChildHasThePipe(t *testing.T) {
	v := newVT(40, 8)
	file := stdout(t)
	release, err := capture(above{newScreen(v)}, &file)
	require.NoError(t, err)
	child, err := syscall.Dup(int(file.Fd()))
	require.NoError(t, err)
	defer syscall.Close(child)
	fmt.Fprintln(file, "printed")
	release()
	require.Equal(t, []string{"printed"}, v.lines())
}

// When the terminal is gone, those who print learn it, and don't wait for room in the pipe.
func TestCaptureOfABrokenTerminal(t *testing.T) {
	file := stdout(t)
	release, err := capture(above{newScreen(brokenPipe{})}, &file)
	require.NoError(t, err)
	_, err = file.WriteString(strings.Repeat("x", 1<<20))
	require.ErrorIs(t, err, syscall.EPIPE)
	release()
}

func TestCaptureLeavesOtherFilesAlone(t *testing.T) {
	original := stdout(t)
	v := newVT(80, 24)
	for name, c := range map[string]*Console{
		"no table":         New(original, Options{}),
		"another file":     newConsole(stdout(t), Options{}, &terminal{size: v.size}),
		"no file at all":   newConsole(v, Options{}, &terminal{size: v.size}),
		"plain is desired": New(original, Options{Plain: true}),
	} {
		file := original
		release, err := c.Capture(&file)
		require.NoError(t, err)
		require.Same(t, original, file, name)
		release()
	}
	file := original
	release, err := newConsole(original, Options{}, &terminal{size: v.size}).Capture(&file)
	require.NoError(t, err)
	require.NotSame(t, original, file)
	release()
	require.Same(t, original, file)
}
