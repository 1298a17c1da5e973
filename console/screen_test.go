package console

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shows is what a screen must hold: what was printed, an empty line, the table.
func shows(printed, table []string) []string {
	all := append([]string{}, printed...)
	if len(table) > 0 {
		all = append(append(all, ""), table...)
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// Whatever is drawn and written above it, in whatever pieces, the screen shows what
// was written, whole and in order, and the last table below it.
func TestScreenShowsLinesAndTable(t *testing.T) {
	line := rapid.StringMatching(`[a-z ]{0,18}[a-z]`)
	rapid.Check(t, func(t *rapid.T) {
		v := newVT(20, rapid.IntRange(6, 12).Draw(t, "height"))
		s := newScreen(v)
		var printed, table []string
		partial := ""
		s.begin()
		t.Repeat(map[string]func(*rapid.T){
			"draw": func(t *rapid.T) {
				table = rapid.SliceOfN(line, 1, 5).Draw(t, "table")
				s.draw(table)
			},
			"lines": func(t *rapid.T) {
				lines := rapid.SliceOfN(line, 1, 20).Draw(t, "lines")
				_, err := s.write([]byte(strings.Join(lines, "\n") + "\n"))
				require.NoError(t, err)
				lines[0] = partial + lines[0]
				printed, partial = append(printed, lines...), ""
			},
			"piece": func(t *rapid.T) {
				if partial != "" {
					t.Skip("two pieces may be wider than the terminal, which wraps them")
				}
				partial = rapid.StringMatching(`[A-Z]`).Draw(t, "piece")
				_, err := s.write([]byte(partial))
				require.NoError(t, err)
			},
			"": func(t *rapid.T) {
				require.Equal(t, shows(printed, table), v.lines())
				require.False(t, v.wrapped)
			},
		})
		s.end()
		require.Equal(t, shows(append(printed, partial), nil), v.lines())
	})
}

// What a program prints past the console is not erased by the next draw.
func TestScreenKeepsWhatIsPrintedPastIt(t *testing.T) {
	for _, n := range []int{1, 3, 4, 40} {
		v := newVT(40, 8)
		s := newScreen(v)
		s.begin()
		s.draw([]string{"title", "row 1", "row 2"})
		var printed []string
		for i := range n {
			printed = append(printed, fmt.Sprintf("printed line %d", i))
			_, _ = fmt.Fprintln(v, printed[i])
		}
		s.draw([]string{"title", "row 3"})
		require.Equal(t, shows(printed, []string{"title", "row 3"}), v.lines(), "%d lines", n)
	}
}

func TestScreenDrawsInOneWrite(t *testing.T) {
	v := newVT(40, 8)
	s := newScreen(v)
	s.begin()
	s.draw([]string{"a", "b"})
	require.Equal(t, 1, v.writes)
	_, err := s.write([]byte("above\n"))
	require.NoError(t, err)
	require.Equal(t, 2, v.writes)
}

func TestScreenEndsLongLines(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	s.begin()
	long := strings.Repeat("x", maxHeld-1)
	_, err := s.write([]byte(long))
	require.NoError(t, err)
	require.Empty(t, out.String())
	_, err = s.write([]byte("y"))
	require.NoError(t, err)
	require.Equal(t, erase+long+"y\n", out.String())
}

func TestScreenPassesBytesThroughWithoutTable(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	for _, p := range []string{"ha", "lf\n", "begun"} {
		n, err := s.write([]byte(p))
		require.NoError(t, err)
		require.Equal(t, len(p), n)
	}
	require.Equal(t, "half\nbegun", out.String())
	s.print([]string{"a line of its own"})
	require.Equal(t, "half\nbegun\na line of its own\n", out.String())
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

var errBroken = errors.New("broken pipe")

func TestScreenReturnsErrorsOfWrites(t *testing.T) {
	s := newScreen(brokenPipe{})
	_, err := s.write([]byte("a\n"))
	require.ErrorIs(t, err, errBroken)
	s.begin()
	_, err = s.write([]byte("a\n"))
	require.ErrorIs(t, err, errBroken)
}
