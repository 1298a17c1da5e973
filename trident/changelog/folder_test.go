package changelog_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
)

func TestAFolderKeepsItsLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "on the way")
	l, err := changelog.Open(path)
	require.NoError(t, err)
	attempt := fence(t, l, "who")
	add(t, l, attempt, changelog.Commit, "c")
	_, err = changelog.Open(path)
	require.ErrorContains(t, err, "another process")
	add(t, l, attempt, changelog.Staged, "s")
	require.NoError(t, l.PutSnapshot(t.Context(), "x", []byte("data")))
	require.NoError(t, l.Trim(t.Context(), 3))
	require.NoError(t, l.Close())

	l = openFolder(t, path)
	require.Equal(t, []entry{{3, attempt, changelog.Staged, "s"}}, read(t, l, 0, 0))
	r, err := l.LastCommit(t.Context())
	require.NoError(t, err)
	require.Equal(t, entry{2, attempt, changelog.Commit, "c"}, entryOf(r))
	data, err := l.Snapshot(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "data", string(data))
	require.EqualValues(t, 4, add(t, l, attempt, changelog.Staged, "the attempt lasts"))
}

func TestTrimmedRecordsLeaveTheFile(t *testing.T) {
	path := t.TempDir()
	l := openFolder(t, path)
	attempt, big := fence(t, l, ""), strings.Repeat("x", 512<<10)
	for range 60 {
		last := add(t, l, attempt, changelog.Staged, big)
		require.NoError(t, l.Trim(t.Context(), last))
	}
	info, err := os.Stat(filepath.Join(path, "changelog.db"))
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(60*len(big)/2), "the room is used again")
}

func TestCloseWaitsForWhatIsBeingWritten(t *testing.T) {
	path := t.TempDir()
	l, err := changelog.Open(path)
	require.NoError(t, err)
	attempt, acked := fence(t, l, ""), make(chan uint64, 1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				n, err := l.Append(t.Context(), attempt, changelog.Staged, []byte("x"))
				if err != nil {
					if !errors.Is(err, changelog.ErrClosed) {
						t.Error(err)
					}
					return
				}
				acked <- n
			}
		})
	}
	for range 20 {
		<-acked
	}
	require.NoError(t, l.Close())
	wg.Wait()
	close(acked)
	_, last, err := openFolder(t, path).Bounds(t.Context())
	require.NoError(t, err)
	for n := range acked {
		require.LessOrEqual(t, n, last, "acknowledged, but not there")
	}
}

// spoil flips a bit of each byte sequence in the file that is like the mark.
func spoil(t *testing.T, path, mark string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(b), mark)
	spoiled := bytes.ReplaceAll(b, []byte(mark), append([]byte{mark[0] ^ 1}, mark[1:]...))
	require.NoError(t, os.WriteFile(path, spoiled, 0o600))
}

func TestDamageInAFileIsNamed(t *testing.T) {
	path := t.TempDir()
	file := filepath.Join(path, "changelog.db")
	l, err := changelog.Open(path)
	require.NoError(t, err)
	attempt := fence(t, l, "")
	add(t, l, attempt, changelog.Staged, "staged, whole")
	add(t, l, attempt, changelog.Staged, "staged, spoiled")
	add(t, l, attempt, changelog.Commit, "commit, spoiled")
	require.NoError(t, l.PutSnapshot(t.Context(), "part", []byte("snapshot, spoiled")))
	require.NoError(t, l.Close())
	spoil(t, file, "staged, spoiled")
	spoil(t, file, "commit, spoiled")
	spoil(t, file, "snapshot, spoiled")

	l = openFolder(t, path)
	var damage *changelog.DamagedError
	seen := 0
	err = l.Read(t.Context(), 0, 0, func(changelog.Record) error { seen++; return nil })
	require.ErrorAs(t, err, &damage)
	require.Equal(t, changelog.DamagedError{Log: file, Sequence: 3, Reason: "its checksum is wrong"}, *damage)
	_, err = l.LastCommit(t.Context())
	require.ErrorAs(t, err, &damage)
	require.EqualValues(t, 4, damage.Sequence)
	_, err = l.Snapshot(t.Context(), "part")
	require.ErrorAs(t, err, &damage)
	require.Equal(t, "part", damage.Snapshot)
	require.ErrorContains(t, err, file)
}

func TestAFileThatIsNoLogIsRefused(t *testing.T) {
	for what, content := range map[string][]byte{
		"text":  bytes.Repeat([]byte("no log "), 10_000),
		"zeros": make([]byte, 1<<16),
	} {
		path := t.TempDir()
		file := filepath.Join(path, "changelog.db")
		require.NoError(t, os.WriteFile(file, content, 0o600))
		_, err := changelog.Open(path)
		var damage *changelog.DamagedError
		require.ErrorAs(t, err, &damage, what)
		require.Equal(t, file, damage.Log)
	}
}

// To read where a file has been cut off under an open log is a fault of memory, which would end the program.
func TestAFileThatIsCutOffWhileItIsOpenIsDamaged(t *testing.T) {
	path := t.TempDir()
	l := openFolder(t, path)
	attempt := fence(t, l, "")
	for range 20 {
		add(t, l, attempt, changelog.Staged, strings.Repeat("x", 512<<10))
	}
	require.NoError(t, os.Truncate(filepath.Join(path, "changelog.db"), 64<<10))
	var damage *changelog.DamagedError
	require.ErrorAs(t, l.Read(t.Context(), 0, 0, func(changelog.Record) error { return nil }), &damage)
}

func TestAFileThatWasCutOffIsRefused(t *testing.T) {
	path := t.TempDir()
	file := filepath.Join(path, "changelog.db")
	l, err := changelog.Open(path)
	require.NoError(t, err)
	attempt := fence(t, l, "")
	for range 20 {
		add(t, l, attempt, changelog.Staged, strings.Repeat("x", 512<<10))
	}
	require.NoError(t, l.Close())
	require.NoError(t, os.Truncate(file, 2<<20))
	l, err = changelog.Open(path)
	if err == nil {
		err = l.Read(t.Context(), 0, 0, func(changelog.Record) error { return nil })
		require.NoError(t, l.Close())
	}
	var damage *changelog.DamagedError
	require.ErrorAs(t, err, &damage)
}
