package changelog_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/internal/leak"
	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(stoppable{m}, leak.OfPut())
}

// stoppable stops the servers that tests share before goroutines are looked for.
type stoppable struct{ m *testing.M }

func (s stoppable) Run() int {
	defer stopThree()
	return s.m.Run()
}

// guard is for tests that would otherwise hang: none waits for it when all is well.
const guard = 60 * time.Second

// makers are the logs that all have to do the same. A maker gives two handles of one log, the same one where a second can't be.
var makers = map[string]func(t *testing.T) (a, b changelog.Log){
	"memory": func(*testing.T) (a, b changelog.Log) {
		l := changelog.Memory()
		return l, l
	},
	"folder": func(t *testing.T) (a, b changelog.Log) {
		l := openFolder(t, t.TempDir())
		return l, l
	},
	"jetstream": func(t *testing.T) (a, b changelog.Log) {
		r := newRig(t)
		return r.log("a.b-c_d", changelog.Options{}), r.log("a.b-c_d", changelog.Options{})
	},
	"replicated": replicated,
}

func openFolder(t testing.TB, path string) changelog.Log {
	t.Helper()
	l, err := changelog.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// everywhere runs a test over all logs.
func everywhere(t *testing.T, test func(t *testing.T, ctx context.Context, a, b changelog.Log)) {
	for name, open := range makers {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			a, b := open(t)
			test(t, ctx, a, b)
		})
	}
}

// entry is a record that may be compared.
type entry struct {
	sequence, attempt uint64
	kind              changelog.Kind
	payload           string
}

func read(t testing.TB, l changelog.Log, from, through uint64) (got []entry) {
	t.Helper()
	require.NoError(t, l.Read(t.Context(), from, through, func(r changelog.Record) error {
		got = append(got, entryOf(r))
		return nil
	}))
	return got
}

func entryOf(r changelog.Record) entry {
	return entry{r.Sequence, r.Attempt, r.Kind, string(r.Payload)}
}

func fence(t testing.TB, l changelog.Log, note string) uint64 {
	t.Helper()
	attempt, err := l.Fence(t.Context(), []byte(note))
	require.NoError(t, err)
	return attempt
}

func add(t testing.TB, l changelog.Log, attempt uint64, kind changelog.Kind, payload string) uint64 {
	t.Helper()
	n, err := l.Append(t.Context(), attempt, kind, []byte(payload))
	require.NoError(t, err)
	return n
}

func TestRecordsAreReadInTheirOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		first, last, err := a.Bounds(ctx)
		require.NoError(t, err)
		require.Equal(t, []uint64{1, 0}, []uint64{first, last})
		require.Empty(t, read(t, a, 0, 0))
		none, err := a.LastCommit(ctx)
		require.NoError(t, err)
		require.Equal(t, changelog.Record{}, none)
		none, err = b.LastFence(ctx)
		require.NoError(t, err)
		require.Equal(t, changelog.Record{}, none)

		require.EqualValues(t, 1, fence(t, a, "me"))
		require.EqualValues(t, 2, add(t, b, 1, changelog.Staged, "s1"))
		require.EqualValues(t, 3, add(t, a, 1, changelog.Commit, ""))
		require.EqualValues(t, 4, add(t, b, 1, changelog.Staged, "s2"))
		all := []entry{{1, 1, changelog.Fence, "me"}, {2, 1, changelog.Staged, "s1"}, {3, 1, changelog.Commit, ""}, {4, 1, changelog.Staged, "s2"}}
		require.Equal(t, all, read(t, b, 0, 0))
		require.Equal(t, all, read(t, a, 1, 100), "the end is what is there")
		require.Equal(t, all[1:3], read(t, a, 2, 3))
		require.Empty(t, read(t, a, 5, 0))
		require.Empty(t, read(t, a, 3, 2))
		got, err := b.LastCommit(ctx)
		require.NoError(t, err)
		require.Equal(t, all[2], entryOf(got))
		got, err = b.LastFence(ctx)
		require.NoError(t, err)
		require.Equal(t, all[0], entryOf(got))
		first, last, err = b.Bounds(ctx)
		require.NoError(t, err)
		require.Equal(t, []uint64{1, 4}, []uint64{first, last})
	})
}

func TestAReaderMayStopAndMayAskTheLog(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		attempt := fence(t, a, "")
		add(t, a, attempt, changelog.Staged, "x")
		enough := errors.New("enough")
		seen := 0
		err := b.Read(ctx, 0, 0, func(r changelog.Record) error {
			seen++
			add(t, b, attempt, changelog.Staged, "while it is read")
			if r.Kind == changelog.Staged {
				return enough
			}
			return nil
		})
		require.ErrorIs(t, err, enough)
		require.Equal(t, 2, seen, "what comes after the beginning of a read is not in it")
		require.Len(t, read(t, b, 0, 0), 4)
	})
}

func TestOnlyTheLastAttemptIsTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		for _, attempt := range []uint64{0, 1, 7} {
			_, err := a.Append(ctx, attempt, changelog.Commit, nil)
			require.ErrorIs(t, err, changelog.ErrFenced, "attempt %d of none", attempt)
		}
		old := fence(t, a, "old")
		add(t, a, old, changelog.Staged, "before")
		latest := fence(t, b, "new")
		for _, kind := range []changelog.Kind{changelog.Staged, changelog.Commit} {
			for _, attempt := range []uint64{0, old, latest + 1} {
				_, err := a.Append(ctx, attempt, kind, []byte("late"))
				require.ErrorIs(t, err, changelog.ErrFenced)
				require.NotErrorIs(t, err, changelog.ErrUnknown)
			}
		}
		add(t, a, latest, changelog.Commit, "it is not the handle that counts")
		require.Len(t, read(t, a, 0, 0), 4, "what was refused is not there")
	})
}

func TestAFenceComesAfterTheOneThatItShould(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		one, err := a.FenceAfter(ctx, 0, []byte("one"))
		require.NoError(t, err)
		_, err = b.FenceAfter(ctx, 0, []byte("late"))
		require.ErrorIs(t, err, changelog.ErrFenced)
		commit := add(t, b, one, changelog.Commit, "")
		two, err := b.FenceAfter(ctx, one, []byte("two"))
		require.NoError(t, err)
		require.Equal(t, commit+1, two)
		for _, last := range []uint64{0, one, commit, two + 1} {
			_, err = a.FenceAfter(ctx, last, []byte("late"))
			require.ErrorIs(t, err, changelog.ErrFenced)
		}
		got, err := a.LastFence(ctx)
		require.NoError(t, err)
		require.Equal(t, entry{two, two, changelog.Fence, "two"}, entryOf(got))
		add(t, b, two, changelog.Staged, "s")
	})
}

// Many fence and append at once, with all attempts that they ever had. After a Fence nothing older may land, what was acknowledged must be there, and
// what was refused not.
func TestNothingOlderLandsAfterAFence(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		const writers, rounds, appends = 4, 10, 10
		var acked sync.Map
		var refused atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			l := []changelog.Log{a, b}[w%2]
			wg.Go(func() {
				var former uint64
				for round := range rounds {
					attempt, err := l.Fence(ctx, nil)
					if err != nil {
						t.Errorf("fence: %v", err)
						return
					}
					if _, err := l.Append(ctx, former, changelog.Commit, []byte("late")); !errors.Is(err, changelog.ErrFenced) {
						t.Errorf("attempt %d after %d: %v", former, attempt, err)
					}
					former = attempt
					for i := range appends {
						text := fmt.Sprintf("%d %d %d %d", attempt, w, round, i)
						switch n, err := l.Append(ctx, attempt, changelog.Staged, []byte(text)); {
						case err == nil:
							acked.Store(n, text)
						case errors.Is(err, changelog.ErrFenced):
							refused.Add(1)
						default:
							t.Errorf("append: %v", err)
						}
					}
				}
			})
		}
		wg.Wait()
		var current uint64
		for _, e := range read(t, b, 0, 0) {
			if e.kind == changelog.Fence {
				current = e.sequence
			}
			require.Equal(t, current, e.attempt, "record %d", e.sequence)
			if text, ok := acked.LoadAndDelete(e.sequence); ok {
				require.Equal(t, text, e.payload)
			} else {
				require.Equal(t, changelog.Fence, e.kind, "record %d was refused", e.sequence)
			}
		}
		acked.Range(func(n, _ any) bool { require.Fail(t, "acknowledged, but not there", "record %d", n); return false })
		t.Logf("%d appends refused", refused.Load())
	})
}

// Who trims keeps some of what was there when it did so the last time: what the log has noted of that must not be missing then.
func TestWhatIsTrimmedTwiceIsWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		attempt := fence(t, a, "note")
		for below := uint64(5); below < 40; below += 5 {
			for range 10 {
				add(t, a, attempt, changelog.Staged, "s")
			}
			require.NoError(t, b.Trim(ctx, below))
			got := read(t, b, 0, 0)
			require.Equal(t, below, got[0].sequence)
			require.Equal(t, got, read(t, a, below, 0))
		}
	})
}

func TestTrimKeepsTheLastCommitAndTheLastFence(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		attempt := fence(t, a, "note")
		commit := add(t, a, attempt, changelog.Commit, "last")
		for range 20 {
			add(t, a, attempt, changelog.Staged, "s")
		}
		require.NoError(t, a.Trim(ctx, 10))
		require.NoError(t, a.Trim(ctx, 5), "a lower floor changes nothing")
		require.NoError(t, a.Trim(ctx, 0))
		first, last, err := b.Bounds(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 10, first)
		require.GreaterOrEqual(t, last, uint64(22))
		got := read(t, b, 0, 0)
		require.Len(t, got, 13)
		require.EqualValues(t, 10, got[0].sequence)
		require.Equal(t, got[2:], read(t, b, 12, 0))
		for _, from := range []uint64{1, 9} {
			require.ErrorIs(t, b.Read(ctx, from, 0, func(changelog.Record) error { return nil }), changelog.ErrGone)
		}
		r, err := b.LastCommit(ctx)
		require.NoError(t, err)
		require.Equal(t, entry{commit, attempt, changelog.Commit, "last"}, entryOf(r))
		r, err = b.LastFence(ctx)
		require.NoError(t, err)
		require.Equal(t, entry{attempt, attempt, changelog.Fence, "note"}, entryOf(r))
		later := add(t, b, attempt, changelog.Commit, "newer")
		require.NoError(t, b.Trim(ctx, 1<<60))
		require.Empty(t, read(t, a, 0, 0), "all is trimmed")
		add(t, b, attempt, changelog.Staged, "and it goes on")
		require.Len(t, read(t, a, 0, 0), 1)
		r, err = a.LastCommit(ctx)
		require.NoError(t, err)
		require.Equal(t, later, r.Sequence)
	})
}

func TestAReaderThatIsTrimmedPastIsTold(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		attempt := fence(t, a, "")
		big := string(make([]byte, 256<<10))
		for range 80 {
			add(t, a, attempt, changelog.Staged, big)
		}
		seen, trimmed := uint64(0), false
		err := b.Read(ctx, 0, 0, func(r changelog.Record) error {
			require.Equal(t, seen+1, r.Sequence, "no gap is passed over")
			if seen = r.Sequence; !trimmed {
				trimmed = true
				require.NoError(t, a.Trim(ctx, 75))
			}
			return nil
		})
		if err != nil {
			require.ErrorIs(t, err, changelog.ErrGone)
		} else {
			require.EqualValues(t, 81, seen)
		}
	})
}

func TestSnapshotsAreReplacedWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		names, err := a.Snapshots(ctx, "")
		require.NoError(t, err)
		require.Empty(t, names)
		_, err = a.Snapshot(ctx, "counts/0")
		require.ErrorIs(t, err, changelog.ErrNoSnapshot)
		for i, size := range []int{3 << 20, 10, 0, 200 << 10} {
			data := bytes.Repeat([]byte{byte(i + 1)}, size)
			require.NoError(t, a.PutSnapshot(ctx, "counts/0", data))
			clear(data)
			got, err := b.Snapshot(ctx, "counts/0")
			require.NoError(t, err)
			require.Equal(t, size, len(got))
			require.True(t, bytes.Equal(bytes.Repeat([]byte{byte(i + 1)}, size), got), "size %d", size)
		}
		require.NoError(t, b.PutSnapshot(ctx, "counts/1", []byte("1")))
		require.NoError(t, b.PutSnapshot(ctx, "a-b_c.d", []byte("2")))
		names, err = a.Snapshots(ctx, "counts/")
		require.NoError(t, err)
		require.Equal(t, []string{"counts/0", "counts/1"}, names)
		names, err = a.Snapshots(ctx, "")
		require.NoError(t, err)
		require.Equal(t, []string{"a-b_c.d", "counts/0", "counts/1"}, names)
		for _, bad := range []string{"", "/", "a/", "/a", "a b", "a//b", "ä", "a*", string(make([]byte, 300))} {
			require.Error(t, a.PutSnapshot(ctx, bad, nil), "%q", bad)
			_, err := a.Snapshot(ctx, bad)
			require.ErrorContains(t, err, "snapshot name", "%q", bad)
		}
	})
}

// A reader gets the old one or the new one, however often it is replaced meanwhile.
func TestASnapshotIsNeverSeenInParts(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		version := func(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 600<<10+n) }
		require.NoError(t, a.PutSnapshot(ctx, "x", version(0)))
		done := make(chan error, 1)
		go func() {
			for n := range 20 {
				if err := a.PutSnapshot(ctx, "x", version(n)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for reading := true; reading; {
			select {
			case err := <-done:
				require.NoError(t, err)
				reading = false
			default:
			}
			got, err := b.Snapshot(ctx, "x")
			require.NoError(t, err)
			require.True(t, bytes.Equal(version(len(got)-600<<10), got))
		}
	})
}

func TestPayloadsHaveALimit(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, b changelog.Log) {
		attempt := fence(t, a, "")
		whole := bytes.Repeat([]byte("x"), changelog.MaxPayload)
		_, err := a.Append(ctx, attempt, changelog.Staged, whole)
		require.NoError(t, err)
		_, err = a.Append(ctx, attempt, changelog.Staged, append(whole, 'x'))
		require.ErrorIs(t, err, changelog.ErrTooLarge)
		_, err = a.Fence(ctx, append(whole, 'x'))
		require.ErrorIs(t, err, changelog.ErrTooLarge)
		for _, kind := range []changelog.Kind{0, changelog.Fence, 4} {
			_, err := a.Append(ctx, attempt, kind, nil)
			require.Error(t, err)
		}
		clear(whole)
		got := read(t, b, 2, 2)
		require.Equal(t, changelog.MaxPayload, len(got[0].payload))
		require.Equal(t, byte('x'), got[0].payload[0], "the payload belongs to the caller again")
	})
}

func TestADoneContextEndsCalls(t *testing.T) {
	everywhere(t, func(t *testing.T, _ context.Context, a, _ changelog.Log) {
		attempt := fence(t, a, "")
		add(t, a, attempt, changelog.Staged, "x")
		done, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, a.Read(done, 0, 0, func(changelog.Record) error { cancel(); return nil }), context.Canceled)
		for what, err := range calls(done, a, attempt) {
			require.ErrorIs(t, err, context.Canceled, what)
			require.NotErrorIs(t, err, changelog.ErrUnknown, what)
		}
		require.Len(t, read(t, a, 0, 0), 2)
	})
}

func TestAClosedLogSaysSo(t *testing.T) {
	everywhere(t, func(t *testing.T, ctx context.Context, a, _ changelog.Log) {
		attempt := fence(t, a, "")
		require.NoError(t, a.Close())
		require.NoError(t, a.Close())
		for what, err := range calls(ctx, a, attempt) {
			require.ErrorIs(t, err, changelog.ErrClosed, what)
		}
	})
}

// calls are the errors of all calls.
func calls(ctx context.Context, l changelog.Log, attempt uint64) map[string]error {
	errs := map[string]error{"Trim": l.Trim(ctx, 1), "PutSnapshot": l.PutSnapshot(ctx, "x", nil), "Read": l.Read(ctx, 0, 0, func(changelog.Record) error { return nil })}
	_, errs["Fence"] = l.Fence(ctx, nil)
	_, errs["FenceAfter"] = l.FenceAfter(ctx, attempt, nil)
	_, errs["Append"] = l.Append(ctx, attempt, changelog.Staged, nil)
	_, errs["LastCommit"] = l.LastCommit(ctx)
	_, errs["LastFence"] = l.LastFence(ctx)
	_, errs["Snapshot"] = l.Snapshot(ctx, "x")
	_, errs["Snapshots"] = l.Snapshots(ctx, "")
	_, _, errs["Bounds"] = l.Bounds(ctx)
	return errs
}
