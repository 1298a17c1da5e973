package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// tailing runs f with an open Tail of dir/log, in which text is before it opens, in
// simulated time: a wait to be woken lasts as many looks as are needed.
func tailing(t *testing.T, options TailOptions, text string, f func(t *testing.T, r *rig, path string)) {
	path := filepath.Join(t.TempDir(), "log")
	if text != "" {
		appendTo(t, path, text)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, TailWith(options, path)(), 0, 1)
		require.NoError(t, r.open())
		f(t, r, path)
		r.close()
	})
}

func TestTailBeginsAtTheEnd(t *testing.T) {
	tailing(t, TailOptions{}, "old\n", func(t *testing.T, r *rig, path string) {
		require.False(t, r.next(), "Next does not wait")
		appendTo(t, path, "new\nand ")
		r.run(1)
		appendTo(t, path, "newer\n")
		r.run(2)
		require.Equal(t, []string{"new", "and newer"}, r.texts())
		require.Equal(t, emitted{"and newer", path, 8, r.lines[1].id}, r.lines[1])
		require.Empty(t, r.reports())
	})
}

func TestTailFromTheStart(t *testing.T) {
	tailing(t, TailOptions{FromStart: true}, "old\n", func(t *testing.T, r *rig, path string) {
		r.run(1)
		require.Equal(t, []string{"old"}, r.texts())
	})
}

func TestTailWaitsForItsFileAndReadsItFromTheStart(t *testing.T) {
	tailing(t, TailOptions{}, "", func(t *testing.T, r *rig, path string) {
		require.EqualError(t, r.reports()[0], path+" does not exist yet: waiting for it")
		appendTo(t, path, "first\n")
		r.run(1)
		require.Equal(t, []string{"first"}, r.texts())
	})
}

func TestTailAcrossRotationAndTruncation(t *testing.T) {
	tailing(t, TailOptions{}, "", func(t *testing.T, r *rig, path string) {
		appendTo(t, path, "one\n")
		r.run(1)
		appendTo(t, path, "two\n")
		rotate(t, path, 1)
		appendTo(t, path+".1", "three\n")
		appendTo(t, path, "four\n")
		r.run(4)
		require.NoError(t, os.Truncate(path, 0))
		appendTo(t, path, "five\n")
		r.run(5)
		require.NoError(t, os.Remove(path))
		appendTo(t, path, "six\n")
		r.run(6)
		require.Equal(t, []string{"one", "two", "three", "four", "five", "six"}, r.texts())
		require.EqualValues(t, 1, r.count("files.truncated"))
	})
}

func TestTailKeepsUpWithRotationsWhileNobodyTakes(t *testing.T) {
	tailing(t, TailOptions{}, "", func(t *testing.T, r *rig, path string) {
		want := []string{}
		for i := range 3 * waiting {
			text := fmt.Sprint("line ", i)
			want = append(want, text)
			appendTo(t, path, text+"\n")
			<-time.After(2 * defaultInterval) // simulated: a look
			synctest.Wait()
			rotate(t, path, i)
		}
		require.Len(t, r.spout.(*tailSpout).blocks, waiting)
		r.run(len(want))
		require.Equal(t, want, r.texts())
	})
}

func TestTailEmitsAFailedLineAgain(t *testing.T) {
	tailing(t, TailOptions{FromStart: true}, "one\ntwo\n", func(t *testing.T, r *rig, path string) {
		r.run(2)
		r.fail(r.lines[1].id)
		r.run(3)
		require.Equal(t, []string{"one", "two", "two"}, r.texts())
	})
}

func TestTailReadsManyBlocksBetweenTwoLooks(t *testing.T) {
	text := strings.Repeat("long", 100_000) + "\n" + strings.Repeat("some line\n", 100_000)
	tailing(t, TailOptions{FromStart: true}, text, func(t *testing.T, r *rig, path string) {
		begin := time.Now()
		r.run(100_001)
		require.Zero(t, time.Since(begin), "no waiting for a look")
		require.Equal(t, text, strings.Join(r.texts(), "\n")+"\n")
	})
}

func TestTailHasOneReader(t *testing.T) {
	path := write(t, t.TempDir(), "log", "one\n")
	r := newRig(t, TailWith(TailOptions{FromStart: true}, path)(), 1, 2)
	require.NoError(t, r.open())
	require.True(t, r.next())
	require.Empty(t, r.lines)
	r.close()
}

func TestTailRefusesWhatItCantFollow(t *testing.T) {
	path := write(t, t.TempDir(), "log", "one\n")
	for name, c := range map[string]struct {
		options TailOptions
		path    string
		want    string
	}{
		"a folder":       {path: filepath.Dir(path), want: "is not a regular file"},
		"a device":       {path: "/dev/null", want: "/dev/null is not a regular file"},
		"too often":      {options: TailOptions{Interval: time.Microsecond}, path: path, want: "Interval is 1µs; it must be at least 1ms"},
		"a bad interval": {options: TailOptions{Interval: -1}, path: path, want: "Interval is -1ns"},
		"a bad MaxLine":  {options: TailOptions{MaxLine: -1}, path: path, want: "MaxLine is -1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := newRig(t, TailWith(c.options, c.path)(), 0, 1).open()
			require.ErrorContains(t, err, c.want)
			require.True(t, topology.IsFatal(err))
		})
	}
}
