package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// followerRig is a follower of dir/log.
func followerRig(t *testing.T) (*follower, *rig) {
	r := newRig(t, nil, 0, 1)
	w := &follower{path: filepath.Join(t.TempDir(), "log"), linger: 1, open: openFollowed, tally: newTally(r.tc, defaultMaxLine)}
	t.Cleanup(w.close)
	return w, r
}

// drain reads until there is no more.
func drain(w *follower) []string {
	texts := []string{}
	for more := true; more; {
		var lines []line
		lines, more = w.read()
		for _, l := range lines {
			texts = append(texts, l.text)
		}
	}
	return texts
}

func appendTo(t *testing.T, path, text string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, errors.Join(err, f.Close()))
}

func rotate(t *testing.T, path string, n int) {
	require.NoError(t, os.Rename(path, fmt.Sprintf("%s.%d", path, n)))
}

func TestAFileRewrittenInTheSameSizeIsReadAgain(t *testing.T) {
	w, r := followerRig(t)
	appendTo(t, w.path, "one\n")
	w.look()
	require.Equal(t, []string{"one"}, drain(w))
	require.NoError(t, os.WriteFile(w.path, []byte("two\n"), 0o644))
	w.look()
	require.Equal(t, []string{"two"}, drain(w))
	require.EqualValues(t, 1, r.count("files.truncated"))
}

func TestAFileThatComesBackToItsPathIsNotReadTwice(t *testing.T) {
	w, _ := followerRig(t)
	appendTo(t, w.path, "one\n")
	w.look()
	rotate(t, w.path, 1)
	appendTo(t, w.path, "two\n")
	w.look()
	require.Equal(t, []string{"one", "two"}, drain(w))
	require.NoError(t, os.Rename(w.path+".1", w.path))
	for range 5 {
		w.look()
		require.Empty(t, drain(w))
	}
	require.Len(t, w.files, 1)
	appendTo(t, w.path, "three\n")
	w.look()
	require.Equal(t, []string{"three"}, drain(w))
}

func TestRotatedFilesAreKeptWhileNobodyReads(t *testing.T) {
	w, r := followerRig(t)
	want := []string{}
	for i := range maxFollowed {
		text := fmt.Sprint("line ", i)
		want = append(want, text)
		appendTo(t, w.path, text+"\n")
		w.look()
		rotate(t, w.path, i)
	}
	appendTo(t, w.path, "one more\n")
	w.look()
	w.look()
	require.Len(t, w.files, maxFollowed)
	require.Len(t, r.reports(), 1, "once, not at each look")
	require.ErrorContains(t, r.reports()[0], "its last 16 files are not read to their end yet")

	require.Equal(t, want, drain(w))
	w.look()
	require.Equal(t, []string{"one more"}, drain(w))
}

// bad is a file with a fault.
type bad struct {
	file
	err *error
}

func (b bad) ReadAt(p []byte, at int64) (int, error) {
	if *b.err != nil {
		return 0, *b.err
	}
	return b.file.ReadAt(p, at)
}

// hooked is a file that has something done after each Stat.
type hooked struct {
	file
	after func()
}

func (h hooked) Stat() (os.FileInfo, error) {
	info, err := h.file.Stat()
	h.after()
	return info, err
}

func TestAWriterThatMovesOnWhileFilesAreChecked(t *testing.T) {
	w, _ := followerRig(t)
	after := func() {}
	w.open = func(path string) (file, error) {
		f, err := openFollowed(path)
		return hooked{f, func() { after() }}, err
	}
	appendTo(t, w.path, "one\n")
	w.look()
	rotate(t, w.path, 1)
	w.open = openFollowed
	appendTo(t, w.path, "")
	w.look()
	require.Equal(t, []string{"one"}, drain(w))
	after = func() { // the older file was just seen to be at its end
		after = func() {}
		appendTo(t, w.path+".1", "two\n")
		appendTo(t, w.path, "three\n")
	}
	require.Equal(t, []string{"two", "three"}, append(drain(w), drain(w)...))
}

func TestAFileThatIsReplacedWhileItIsOpened(t *testing.T) {
	w, _ := followerRig(t)
	appendTo(t, w.path, "one\n")
	w.look()
	require.Equal(t, []string{"one"}, drain(w))
	rotate(t, w.path, 1)
	appendTo(t, w.path, "two\n")
	w.open = func(path string) (file, error) {
		if err := os.Rename(w.path+".1", path); err != nil {
			return nil, err
		}
		return openFollowed(path)
	}
	w.look()
	require.Empty(t, drain(w), "it is the file that was read before")
	require.Len(t, w.files, 1)
}

func TestAReadErrorIsReportedOnceAndTriedAgain(t *testing.T) {
	w, r := followerRig(t)
	fault := errors.New("a bad sector")
	w.open = func(path string) (file, error) {
		f, err := openFollowed(path)
		return bad{f, &fault}, err
	}
	appendTo(t, w.path, "one\n")
	for range 3 {
		w.look()
		require.Empty(t, drain(w))
	}
	require.Len(t, r.reports(), 1)
	require.EqualError(t, r.reports()[0], "read "+w.path+": a bad sector")
	fault = nil
	w.look()
	require.Equal(t, []string{"one"}, drain(w))
}

func TestAnUnreadableRotatedFileIsLetGoWithItsLoss(t *testing.T) {
	w, r := followerRig(t)
	fault := errors.New("a bad sector")
	w.open = func(path string) (file, error) {
		f, err := openFollowed(path)
		return bad{f, &fault}, err
	}
	appendTo(t, w.path, "one\n")
	w.look()
	require.Empty(t, drain(w))
	rotate(t, w.path, 1)
	w.open = openFollowed
	appendTo(t, w.path, "two\n")
	got := []string{}
	for range w.linger + 3 {
		w.look()
		got = append(got, drain(w)...)
	}
	require.Equal(t, []string{"two"}, got)
	require.Len(t, w.files, 1)
	require.EqualError(t, r.reports()[1], "read "+w.path+": lost the last 4 bytes of a rotated file")
}

func TestAFolderInTheWayIsReportedOnce(t *testing.T) {
	w, r := followerRig(t)
	require.NoError(t, os.Mkdir(w.path, 0o755))
	w.look()
	w.look()
	require.Len(t, r.reports(), 1)
	require.ErrorContains(t, r.reports()[0], "is not a regular file")
	require.NoError(t, os.Remove(w.path))
	appendTo(t, w.path, "one\n")
	w.look()
	require.Equal(t, []string{"one"}, drain(w))
}

func TestALongUnfinishedLineIsSkipped(t *testing.T) {
	w, r := followerRig(t)
	w.tally.maxLine = 10
	w.look()
	for range 3 {
		appendTo(t, w.path, strings.Repeat("x", 100_000))
		w.look()
		require.Empty(t, drain(w))
	}
	appendTo(t, w.path, "\nshort\n")
	w.look()
	require.Equal(t, []string{"short"}, drain(w))
	require.EqualValues(t, 1, r.count("lines.overlong"))
	require.ErrorContains(t, r.reports()[0], w.path+":0: skipped a line of 300000 bytes")
	require.LessOrEqual(t, len(w.files[0].scan.buf), blockSize+10)
}
