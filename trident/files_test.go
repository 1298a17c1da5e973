package trident_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"
)

// file writes a file in the folder and returns its path.
func file(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// rest reads a partition to its end, max records at a time, and returns the last position.
func rest[T any](t require.TestingT, r trident.Reader[T], max int) (all []T, position []byte) {
	for {
		had := len(all)
		more, p, err := r.Read(all, max)
		require.LessOrEqual(t, len(more)-had, max)
		if p != nil {
			position = p
		}
		if all = more; err == io.EOF {
			require.NoError(t, r.Close())
			return all, position
		}
		require.NoError(t, err)
	}
}

func opened[T any](t require.TestingT, s trident.Source[T], partition string, after []byte) trident.Reader[T] {
	r, err := s.Open(context.Background(), partition, after, func() {})
	require.NoError(t, err)
	return r
}

func TestLinesFindsFilesPatternsAndFolders(t *testing.T) {
	d := t.TempDir()
	a, b := file(t, d, "a.txt", "1"), file(t, d, "b.log", "2")
	c, e := file(t, d, "sub/c.txt", ""), file(t, d, "sub/deep/e.txt", "5")
	odd := file(t, d, "[odd]*", "6")
	for want, paths := range map[string][]string{
		a + "," + b:                     {a, d + "/./b.log"},
		a:                               {a, d + "/*.txt"},
		c + "," + e:                     {d + "/sub"},
		a + "," + b + "," + c + "," + e: {d + "/[ab].*", d + "/su?"},
		odd:                             {odd},
	} {
		names, err := trident.Lines(paths...).Partitions(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(names, ","))
	}
}

func TestLinesSaysWhatIsMissing(t *testing.T) {
	d := t.TempDir()
	for what, paths := range map[string][]string{
		"there are no paths":                  {},
		d + "/none: no such file":             {d + "/none"},
		`no file matches the pattern "` + d:   {d + "/*.txt"},
		d + "/two: no such file":              {d + "/*.txt", d + "/two"},
		"syntax error in pattern":             {d + "/[a"},
		"/dev/null is not a regular file":     {"/dev/null"},
		`the file "other" is not among those`: {"other", file(t, d, "a", "")},
	} {
		s := trident.Lines(paths...)
		if len(paths) > 0 && paths[0] == "other" {
			s = trident.Lines(paths[1:]...)
		}
		names, err := s.Partitions(t.Context())
		if err == nil && len(names) > 0 {
			_, err = s.Open(t.Context(), append(paths, names...)[0], nil, func() {})
		}
		require.ErrorContains(t, err, what)
	}
	for n := range 4097 {
		file(t, d, fmt.Sprintf("many/%d", n), "")
	}
	_, err := trident.Lines(d + "/many").Partitions(t.Context())
	require.ErrorContains(t, err, "there are 4097 files")
}

// TestLongPathsHaveNamesOfTheirOwn has two paths that end alike.
func TestLongPathsHaveNamesOfTheirOwn(t *testing.T) {
	d := t.TempDir()
	end := strings.Repeat("/äöü", 40) + "/end.txt"
	file(t, d, "a"+end, "1\n")
	file(t, d, "b"+end, "2\n")
	s := trident.Lines(d)
	names, err := s.Partitions(t.Context())
	require.NoError(t, err)
	require.Len(t, names, 2)
	for i, name := range names {
		require.LessOrEqual(t, len(name), 128)
		require.Contains(t, name, "end.txt")
		all, _ := rest(t, opened(t, s, name, nil), 10)
		require.Equal(t, []string{fmt.Sprint(i + 1)}, all)
	}
}

// TestLinesAreThoseOfTheFile reads files of many shapes in pieces, and goes on from each position with a new reader.
func TestLinesAreThoseOfTheFile(t *testing.T) {
	d := t.TempDir()
	line := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("ab\r ")), 0, 5, -1), rapid.Map(rapid.IntRange(60<<10, 140<<10), func(n int) string { return strings.Repeat("x", n) }))
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(line, 0, 40).Draw(t, "lines")
		text := strings.Join(lines, "\n")
		path := filepath.Join(d, "f")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		s := trident.Lines(path)
		var got []string
		var position []byte
		for ended := false; !ended; {
			r := opened(t, s, path, position)
			for range rapid.IntRange(1, 4).Draw(t, "reads") {
				more, p, err := r.Read(got, rapid.IntRange(1, 20).Draw(t, "max"))
				got = more
				if p != nil {
					position = p
				}
				if ended = err == io.EOF; ended {
					break
				}
				require.NoError(t, err)
			}
			require.NoError(t, r.Close())
		}
		require.Equal(t, linesOf(text), got)
	})
}

// linesOf is what the lines of a text should be.
func linesOf(text string) (lines []string) {
	for _, l := range strings.SplitAfter(text, "\n") {
		if l != "" {
			lines = append(lines, strings.TrimSuffix(strings.TrimSuffix(l, "\n"), "\r"))
		}
	}
	return lines
}

const longest = 1 << 20

func TestOverlongLinesAreCountedAndReported(t *testing.T) {
	for _, end := range []string{"\nlast", "\n", ""} {
		path := file(t, t.TempDir(), "f", "first\n"+strings.Repeat("a", longest)+"\n"+strings.Repeat("b", 3*longest)+end)
		h := &watched{}
		r := opened(t, trident.Lines(path), path, nil)
		r.(trident.Observed).Observe(topology.NewContext(topology.Context{Topology: "test", Component: "in", Task: 1, Parallelism: 1, Log: zap.NewNop()}, nil, h))
		all, position := rest(t, r, 10)
		require.Equal(t, append([]string{"first", strings.Repeat("a", longest)}, linesOf(end[min(1, len(end)):])...), all)
		require.EqualValues(t, 1, h.counted["lines.overlong"].Value())
		require.ErrorContains(t, h.reported[0], path+": the line at offset 1048583 has 3145728 bytes")
		all, _ = rest(t, opened(t, trident.Lines(path), path, position), 10)
		require.Empty(t, all)
	}
}

// watched keeps what a reader counts and reports. All else of a runtime it lacks.
type watched struct {
	topology.Services
	counted  map[string]*topology.Counter
	reported []error
}

func (w *watched) Report(err error) { w.reported = append(w.reported, err) }
func (w *watched) Counter(name string) *topology.Counter {
	if w.counted == nil {
		w.counted = map[string]*topology.Counter{}
	}
	w.counted[name] = new(topology.Counter)
	return w.counted[name]
}

func TestOverlongLinesFailWhereNobodyObserves(t *testing.T) {
	path := file(t, t.TempDir(), "f", "first\n"+strings.Repeat("b", longest+1)+"\nlast")
	r := opened(t, trident.Lines(path), path, nil)
	defer r.Close()
	all, _, err := r.Read(nil, 10)
	require.Equal(t, []string{"first"}, all)
	require.ErrorContains(t, err, "the line at offset 6 has 1048577 bytes")
}

func TestFilesThatChangeAreNamed(t *testing.T) {
	path := file(t, t.TempDir(), "f", "first\nsecond\nthird\n")
	s := trident.Lines(path)
	r := opened(t, s, path, nil)
	_, position, err := r.Read(nil, 2)
	require.NoError(t, err)
	require.NoError(t, r.Close())

	require.NoError(t, os.WriteFile(path, []byte("first\nsecond\nother\nmore\n"), 0o600))
	all, _ := rest(t, opened(t, s, path, position), 10)
	require.Equal(t, []string{"other", "more"}, all)

	for what, text := range map[string]string{
		"has 6 bytes, and 13 were read before": "first\n",
		"the bytes before offset 13":           "first\nSecond\nthird\n",
		"no such file":                         "",
	} {
		require.NoError(t, os.Remove(path))
		if text != "" {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		}
		_, err = s.Open(t.Context(), path, position, func() {})
		require.ErrorContains(t, err, what)
		require.ErrorContains(t, err, path)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	_, err = s.Open(t.Context(), path, []byte("x"), func() {})
	require.ErrorContains(t, err, "is none of a file")
}

func BenchmarkLines(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	text := strings.Repeat("the quick brown fox jumps over the lazy dog and runs away\n", 200_000)
	require.NoError(b, os.WriteFile(path, []byte(text), 0o600))
	s := trident.Lines(path)
	b.SetBytes(int64(len(text)))
	var room []string
	for b.Loop() {
		r := opened(b, s, path, nil)
		var err error
		for err == nil {
			room, _, err = r.Read(room[:0], 1024)
		}
		require.Equal(b, io.EOF, err)
		require.NoError(b, r.Close())
	}
}
