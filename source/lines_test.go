package source

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// write makes a file in the folder and returns its path.
func write(t testing.TB, folder, name, text string) string {
	path := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// readAll runs one task over the paths to the end.
func readAll(t *testing.T, options LinesOptions, paths ...string) *rig {
	r := newRig(t, LinesWith(options, paths...)(), 0, 1)
	require.NoError(t, r.open())
	r.run(all)
	r.close()
	return r
}

func TestLinesOfFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	late := write(t, dir, "z.txt", "z1\nz2")
	folder := filepath.Join(dir, "folder")
	b := write(t, folder, "b", "b1\r\n\nb3\n")
	a := write(t, folder, "a/deep", "a1\n")
	empty := write(t, folder, "empty", "")
	write(t, folder, "c.bin", "c1\n\x00")
	require.NoError(t, os.Symlink(late, filepath.Join(folder, "link")))

	r := readAll(t, LinesOptions{}, late, folder, empty)

	got := []string{}
	for _, l := range r.lines {
		got = append(got, fmt.Sprintf("%s:%d:%s", l.file, l.at, l.text))
	}
	require.Equal(t, []string{late + ":1:z1", late + ":2:z2", a + ":1:a1", b + ":1:b1", b + ":2:", b + ":3:b3"}, got)
	require.EqualValues(t, 1, r.count("files.binary"))
	require.Empty(t, r.reports(), "a binary file in a folder is in order")
}

func TestLinesOfALinkToAFolderThatWasGiven(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "real/f", "one\n")
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("real", link))

	r := readAll(t, LinesOptions{}, link)

	require.Equal(t, []string{"one"}, r.texts())
	require.Equal(t, filepath.Join(link, "f"), r.lines[0].file)
}

func TestLinesOfManyBlocks(t *testing.T) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	path := write(t, t.TempDir(), "f", text.String())

	r := readAll(t, LinesOptions{}, path)

	require.Equal(t, text.String(), strings.Join(r.texts(), "\n")+"\n")
}

func TestTasksShareTheFilesAmongThem(t *testing.T) {
	dir := t.TempDir()
	want := []string{"from stdin"}
	for i := range 10 {
		text := fmt.Sprintf("text %d", i)
		write(t, dir, fmt.Sprint(i), text)
		want = append(want, text)
	}
	var got []string
	for task := range 3 {
		options := LinesOptions{Stdin: strings.NewReader("from stdin")}
		r := newRig(t, LinesWith(options, dir, "-")(), task, 3)
		require.NoError(t, r.open())
		r.run(all)
		r.close()
		require.GreaterOrEqual(t, len(r.lines), 3, "task %d", task)
		if task > 0 {
			require.NotContains(t, r.texts(), "from stdin")
		}
		got = append(got, r.texts()...)
	}
	require.ElementsMatch(t, want, got)
}

func TestAFailedLineComesAgainBeforeNewOnes(t *testing.T) {
	path := write(t, t.TempDir(), "f", "one\ntwo\nthree\n")
	r := newRig(t, Lines(path)(), 0, 1)
	require.NoError(t, r.open())
	failures := 2
	r.hook = func(id any) { // as when the spout waits for room in EmitID
		if len(r.lines) > 1 && failures > 0 {
			failures--
			r.fail(r.lines[0].id)
		}
	}
	r.run(all)
	require.Equal(t, []string{"one", "two", "one", "one", "three"}, r.texts())

	r.fail(r.lines[4].id)
	require.False(t, r.next(), "after the end a failed line is emitted")
	require.True(t, r.next())
	require.Equal(t, "three", r.lines[5].text)
	require.Equal(t, r.lines[4], r.lines[5], "with its place and id")
	r.close()
}

func TestWhatCantBeReadIsReportedAndTheRestGoesOn(t *testing.T) {
	dir := t.TempDir()
	good, gone := write(t, dir, "good", "good\n"), write(t, dir, "gone", "gone\n")
	binary := write(t, dir, "binary", "\x00")
	missing := filepath.Join(dir, "missing")
	r := newRig(t, Lines(missing, gone, "/dev/null", binary, good)(), 0, 1)
	require.NoError(t, r.open())
	require.NoError(t, os.Remove(gone))
	r.run(all)
	r.close()

	require.Equal(t, []string{"good"}, r.texts())
	require.EqualValues(t, 3, r.count("files.unreadable"))
	require.EqualValues(t, 1, r.count("files.binary"))
	reports := r.reports()
	require.Len(t, reports, 4)
	require.ErrorContains(t, reports[0], missing)
	require.ErrorContains(t, reports[1], "/dev/null is not a regular file")
	require.ErrorContains(t, reports[2], gone)
	require.ErrorContains(t, reports[3], binary+": skipped, it is not text")
}

func TestOnlyTheFirstTaskSpeaksOfMissingPaths(t *testing.T) {
	good := write(t, t.TempDir(), "good", "good\n")
	r := newRig(t, Lines(good, good+".missing")(), 1, 2)
	require.NoError(t, r.open())
	require.True(t, r.next())
	require.Empty(t, r.reports())
}

func TestOpenFailsWhenNothingCanBeRead(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		options LinesOptions
		paths   []string
		want    []string
	}{
		"no paths":     {paths: nil, want: []string{"no paths to read"}},
		"typos":        {paths: []string{dir + "/x", dir + "/y"}, want: []string{"none of the paths", dir + "/x", dir + "/y"}},
		"a negative":   {options: LinesOptions{MaxLine: -1}, paths: []string{dir}, want: []string{"MaxLine is -1"}},
		"out of range": {options: LinesOptions{MaxLine: 1<<30 + 1}, paths: []string{dir}, want: []string{"MaxLine is 1073741825"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := newRig(t, LinesWith(c.options, c.paths...)(), 0, 1).open()
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.True(t, topology.IsFatal(err))
		})
	}
}

func TestAnEmptyFolderIsNoError(t *testing.T) {
	require.Empty(t, readAll(t, LinesOptions{}, t.TempDir()).lines)
}

// endless is a reader of text that lies nowhere: so many bytes of a line, then an end.
type endless struct {
	left int
	end  io.Reader
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return e.end.Read(p)
	}
	n := min(len(p), e.left)
	copy(p[:n], bytes.Repeat([]byte("x"), min(n, 64))) // the rest is what was there
	e.left -= n
	return n, nil
}

func TestAGigabyteLongLineTakesNoMemory(t *testing.T) {
	const long = 1 << 30
	in := &endless{left: long, end: strings.NewReader("\nnext\n")}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	r := readAll(t, LinesOptions{Stdin: in}, "-")

	runtime.ReadMemStats(&after)
	require.Equal(t, []string{"next"}, r.texts())
	require.EqualValues(t, 2, r.lines[0].at, "the skipped line has its number")
	require.EqualValues(t, 1, r.count("lines.overlong"))
	require.EqualError(t, r.reports()[0], fmt.Sprintf("-:1: skipped a line of %d bytes: MaxLine is %d", long, defaultMaxLine))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), "bytes allocated in all")
}

func TestLinesUpToMaxLineAreEmitted(t *testing.T) {
	text := strings.Repeat("a", 100_000)
	path := write(t, t.TempDir(), "f", text+"\n"+text+"b\n"+text)

	r := readAll(t, LinesOptions{MaxLine: len(text)}, path)

	require.Equal(t, []string{text, text}, r.texts())
	require.EqualValues(t, 1, r.count("lines.overlong"))
}

func TestALongWayToTheNextLineIsGoneAtOnce(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 * maxSteps {
		write(t, dir, fmt.Sprintf("empty%03d", i), "")
	}
	write(t, dir, "long", strings.Repeat("x", 3*maxSteps*blockSize)+"\nnext\n")

	r := readAll(t, LinesOptions{MaxLine: 10}, dir) // waits for ever when it is not woken

	require.Equal(t, []string{"next"}, r.texts())
}

func TestANulByteFarInAFileIsText(t *testing.T) {
	text := strings.Repeat("x", 2*blockSize)
	path := write(t, t.TempDir(), "f", text+"\n\x00\n")
	require.Equal(t, []string{text, "\x00"}, readAll(t, LinesOptions{}, path).texts())
}

// countingPort allocates nothing.
type countingPort struct {
	*rig
	n int
}

func (p *countingPort) Emit(*topology.Emission) { p.n++ }

func TestALineCostsNoAllocation(t *testing.T) {
	path := write(t, t.TempDir(), "f", strings.Repeat("a line of a usual length, about as long as this\n", 50_000))
	r := newRig(t, Lines(path)(), 0, 1)
	require.NoError(t, r.open())
	port := &countingPort{rig: r}
	out := topology.NewSpoutCollector(port, []*topology.Stream{{Name: topology.DefaultStream, Fields: LineFields}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for r.spout.Next(t.Context(), out) == nil {
	}
	runtime.ReadMemStats(&after)
	r.close()

	require.Equal(t, 50_000, port.n)
	require.Less(t, after.Mallocs-before.Mallocs, uint64(1000), "for 50,000 lines in 38 blocks")
}
