package supervisor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/cluster"
)

// logFiles is a log that a test writes and rotates.
type logFiles struct {
	root *os.Root
	n    int
}

func newLogFiles(t require.TestingT, dir string) *logFiles {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	return &logFiles{root: root, n: 3}
}

func (l *logFiles) write(t require.TestingT, text string) {
	f, err := l.root.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func (l *logFiles) rotate(t require.TestingT) {
	if err := (&place{l.root}).rotate(l.n); !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
}

func (l *logFiles) book(t require.TestingT) *logbook {
	b, err := openLogbook(l.root, l.n, 1000, false)
	require.NoError(t, err)
	return b
}

func all([]byte) bool { return true }

func (l *logFiles) tail(t require.TestingT, n int, match filter) *cluster.LogsResponse {
	b := l.book(t)
	defer b.close()
	answer, err := b.tail(n, match)
	require.NoError(t, err)
	return answer
}

func (l *logFiles) follow(t require.TestingT, from string, match filter) *cluster.LogsResponse {
	p, err := parsePosition(from)
	require.NoError(t, err)
	b := l.book(t)
	defer b.close()
	answer, err := b.follow(p, match)
	require.NoError(t, err)
	return answer
}

// A worker that doesn't rotate its log does not have the supervisor read all of it.
func TestTailReadsOnlyTheEndOfAHugeFile(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	l.write(t, "first\n")
	require.NoError(t, os.Truncate(filepath.Join(l.root.Name(), logFile), 1<<36))
	l.write(t, "\nlast but one\nlast\n")
	answer := l.tail(t, 10, all)
	require.Equal(t, []string{"last but one", "last"}, answer.Lines)
	l.write(t, "new\n")
	require.Equal(t, []string{"new"}, l.follow(t, answer.Next, all).Lines)
}

func TestTailReachesIntoOlderFiles(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	l.write(t, "1\n2\n3\n")
	l.rotate(t)
	l.write(t, "4\n5\n")
	require.Equal(t, []string{"2", "3", "4", "5"}, l.tail(t, 4, all).Lines)
	require.Equal(t, []string{"5"}, l.tail(t, 1, all).Lines)
	require.Len(t, l.tail(t, 0, all).Lines, 5)
}

func TestFollowGoesOnThroughRotations(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	l.write(t, "1\n2\nhal")
	answer := l.tail(t, 10, all)
	require.Equal(t, []string{"1", "2"}, answer.Lines)
	l.write(t, "f\n4\n")
	l.rotate(t)
	l.write(t, "5\n")
	l.rotate(t)
	l.write(t, "6\n")
	answer = l.follow(t, answer.Next, all)
	require.Equal(t, []string{"half", "4", "5", "6"}, answer.Lines)
	require.Zero(t, answer.Skipped)
	answer = l.follow(t, answer.Next, all)
	require.Empty(t, answer.Lines)
	require.False(t, answer.More)
}

func TestFollowSaysWhatWasLost(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	l.write(t, "1\n2\n")
	next := l.tail(t, 1, all).Next
	for i := range l.n {
		l.write(t, fmt.Sprintf("new %d\n", i))
		l.rotate(t)
	}
	l.write(t, "newest\n")
	answer := l.follow(t, next, all)
	require.Equal(t, int64(1000-4), answer.Skipped)
	require.Equal(t, []string{"new 1", "new 2", "newest"}, answer.Lines)
}

func TestPositionOfAReusedInodeIsNotTaken(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	l.write(t, "of the old\n")
	next := l.tail(t, 1, all).Next
	require.NoError(t, os.WriteFile(filepath.Join(l.root.Name(), logFile), []byte("of the new file\n"), 0o600))
	answer := l.follow(t, next, all)
	require.Equal(t, []string{"of the new file"}, answer.Lines)
	require.Positive(t, answer.Skipped)
}

func TestAnswersAreBounded(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	const n = 3000
	var text bytes.Buffer
	for i := range n {
		fmt.Fprintf(&text, "%04d%s\n", i, strings.Repeat("\x01", 100))
	}
	l.write(t, text.String())
	last := l.tail(t, cluster.MaxLogTail, all)
	requireFits(t, last)
	require.Less(t, len(last.Lines), n)
	require.True(t, strings.HasPrefix(last.Lines[len(last.Lines)-1], "2999"))

	from, seen := position{inode: lInode(t, l)}.String(), 0
	for {
		answer := l.follow(t, from, all)
		requireFits(t, answer)
		for _, line := range answer.Lines {
			require.True(t, strings.HasPrefix(line, fmt.Sprintf("%04d", seen)))
			seen++
		}
		if from = answer.Next; !answer.More {
			break
		}
	}
	require.Equal(t, n, seen)
}

func requireFits(t *testing.T, answer *cluster.LogsResponse) {
	t.Helper()
	message, err := json.Marshal(answer)
	require.NoError(t, err)
	require.LessOrEqual(t, len(message), 512<<10)
}

func lInode(t *testing.T, l *logFiles) uint64 {
	t.Helper()
	info, err := l.root.Stat(logFile)
	require.NoError(t, err)
	return inode(info)
}

func TestLongLinesAreCut(t *testing.T) {
	l := newLogFiles(t, t.TempDir())
	l.write(t, strings.Repeat("x", lineBytes)+"\n"+strings.Repeat("y", 300<<10)+"\nz\n")
	lines := l.tail(t, 3, all).Lines
	require.Equal(t, strings.Repeat("x", lineBytes), lines[0])
	require.Equal(t, strings.Repeat("y", lineBytes)+cutMark, lines[1])
	require.Equal(t, "z", lines[2])
}

// A reader that comes back now and then, while the log is written and rotated, but never so often that a file is lost
// between, sees each line once.
func TestFollowSeesEachLineOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "logs")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		l := newLogFiles(t, dir)
		defer l.root.Close()
		l.write(t, "begin\n")
		from := l.tail(t, 1, all).Next
		var written, seen []string
		rotations, part := 0, ""
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				line := fmt.Sprintf("line %d", i)
				l.write(t, line+"\n")
				written, part = append(written, part+line), ""
			case 1:
				text := fmt.Sprintf("part %d ", i)
				l.write(t, text)
				part += text
			case 2:
				if rotations < l.n-1 && part == "" {
					l.rotate(t)
					l.write(t, fmt.Sprintf("head %d\n", i))
					written, rotations = append(written, fmt.Sprintf("head %d", i)), rotations+1
				}
			case 3:
				answer := l.follow(t, from, all)
				seen, from, rotations = append(seen, answer.Lines...), answer.Next, 0
			}
		}
		seen = append(seen, l.follow(t, from, all).Lines...)
		require.Equal(t, written, seen)
	})
}

func (r *rig) logs(t *testing.T, s *Supervisor, request cluster.LogsRequest) (cluster.LogsResponse, *cluster.Error) {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	m, err := r.nc.Request(cluster.SupervisorSubject(s.ID(), cluster.SupervisorLogs), body, deadline)
	require.NoError(t, err)
	var answer struct {
		cluster.LogsResponse
		cluster.Error
	}
	require.NoError(t, json.Unmarshal(m.Data, &answer))
	if answer.Code != "" {
		return answer.LogsResponse, &answer.Error
	}
	return answer.LogsResponse, nil
}

func TestLogsOfAWorker(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "log")
	w.awaitWorker(t, a, "it runs", runs(1))
	request := cluster.LogsRequest{TopologyID: a.ID, Worker: workerOf(a)}
	eventually(t, "all was logged", func() bool {
		answer, refused := r.logs(t, w.Supervisor, request)
		require.Nil(t, refused)
		return len(answer.Lines) == 4
	})
	component := request
	component.Component = "count"
	answer, refused := r.logs(t, w.Supervisor, component)
	require.Nil(t, refused)
	require.Len(t, answer.Lines, 2)
	component.Grep = `"n": ?2`
	answer, _ = r.logs(t, w.Supervisor, component)
	require.Len(t, answer.Lines, 1)

	foreign := request
	foreign.TopologyID = "another"
	_, refused = r.logs(t, w.Supervisor, foreign)
	require.NotNil(t, refused)
	require.Equal(t, cluster.NotFound, refused.Code)

	r.remove(t, a)
	w.awaitGone(t, a)
	eventually(t, "the logs of the removed worker are there", func() bool {
		answer, refused := r.logs(t, w.Supervisor, request)
		return refused == nil && len(answer.Lines) == 4
	})
}
