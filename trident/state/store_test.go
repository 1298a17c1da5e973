package state

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

var identity = Identity{"words", "counts", 0, 1}

// makers are what every store is tested with.
var makers = map[string]func(t testing.TB) Store{
	"memory": func(testing.TB) Store { return Memory() },
	"disk": func(t testing.TB) Store {
		s, err := OpenDisk(filepath.Join(t.TempDir(), "state"), identity)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	},
}

func eachStore(t *testing.T, f func(t *testing.T, s Store)) {
	for name, maker := range makers {
		t.Run(name, func(t *testing.T) { f(t, maker(t)) })
	}
}

// pairs is an iter.Seq2 of keys and values; a "-" deletes.
func pairs(kv ...string) func(func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		buffer := make([]byte, 0, 100) // the same for all, as a caller may
		for i := 0; i < len(kv); i += 2 {
			value := append(buffer[:0], kv[i+1]...)
			if kv[i+1] == "-" {
				value = nil
			}
			if !yield(kv[i], value) {
				return
			}
		}
	}
}

func TestAStoreHasWhatWasAppliedLast(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		require.Zero(t, s.Point())
		require.NoError(t, s.Apply(Point{1, 2, 3, 4}, pairs("dog", "1", "cat", "2", "cow", "", "dog", "33", "cat", "-", "owl", "-")))
		require.Equal(t, "33", text(s.Get("dog")))
		require.Equal(t, "-", text(s.Get("cat")))
		require.Equal(t, "", text(s.Get("cow")))
		require.Equal(t, Point{1, 2, 3, 4}, s.Point())
		keys, bytes := s.Size()
		require.Equal(t, []int64{2, 8}, []int64{int64(keys), bytes})
		require.NoError(t, s.Reset())
		keys, bytes = s.Size()
		require.Zero(t, int64(keys)+bytes)
		require.Zero(t, s.Point())
		require.Equal(t, "-", text(s.Get("dog")))
	})
}

func TestASliceIsInTheOrderOfItsKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		want := map[int][]string{}
		for i := range 1000 {
			key := fmt.Sprintf("key %d", i)
			require.NoError(t, s.Apply(Point{}, pairs(key, fmt.Sprint(i))))
			slice := Group(key) / sliceGroups
			want[slice] = append(want[slice], key)
		}
		for slice := range Slices {
			slices.Sort(want[slice])
			var got []string
			require.NoError(t, s.Slice(slice, func(key string, value []byte) bool {
				require.Equal(t, key, "key "+string(value))
				got = append(got, key)
				return true
			}))
			require.Equal(t, want[slice], got)
			n := 0
			require.NoError(t, s.Slice(slice, func(string, []byte) bool { n++; return false }))
			require.LessOrEqual(t, n, 1, "f said to stop")
		}
	})
}

// contents reads all of a store.
func contents(t require.TestingT, s Store) map[string]string {
	all := map[string]string{}
	for slice := range Slices {
		require.NoError(t, s.Slice(slice, func(key string, value []byte) bool {
			all[key] = string(value)
			return true
		}))
	}
	return all
}

func TestStoresAreLikeAMap(t *testing.T) {
	for name, maker := range makers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := maker(t)
				model, bytes := map[string]string{}, 0
				key := rapid.StringMatching(`[a-f]{1,2}`)
				for range rapid.IntRange(1, 20).Draw(rt, "applies") {
					kv := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [2]string {
						return [2]string{key.Draw(rt, "key"), rapid.SampledFrom([]string{"-", "", "1", "23", "a much longer value than those that are before it, and then some more"}).Draw(rt, "value")}
					}), 0, 10).Draw(rt, "puts")
					var flat []string
					for _, p := range kv {
						flat = append(flat, p[0], p[1])
						if model[p[0]] = p[1]; p[1] == "-" {
							delete(model, p[0])
						}
					}
					require.NoError(rt, s.Apply(Point{}, pairs(flat...)))
				}
				require.Equal(rt, model, contents(rt, s))
				for k, v := range model {
					require.Equal(rt, v, text(s.Get(k)))
					bytes += len(k) + len(v)
				}
				keys, size := s.Size()
				require.Equal(rt, []int{len(model), bytes}, []int{keys, int(size)})
			})
		})
	}
}

func reopen(t testing.TB, path string) Store {
	s, err := OpenDisk(path, identity)
	require.NoError(t, err)
	return s
}

func TestAFileKeepsWhatItHasAndHowFarItCame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := reopen(t, path)
	require.NoError(t, s.Apply(Point{2, 7, 30, 1}, pairs("dog", "1", "cat", "2")))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, _, err := s.Get("dog")
	require.ErrorContains(t, err, "closed")
	s = reopen(t, path)
	require.Equal(t, Point{2, 7, 30, 1}, s.Point())
	require.Equal(t, map[string]string{"dog": "1", "cat": "2"}, contents(t, s))
	require.NoError(t, s.Close())
}

// A copy of the file at any moment is what a crash leaves.
func TestAFileIsAtOnePointAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := reopen(t, path)
	states := map[Point]map[string]string{{}: {}}
	all := map[string]string{}
	for i := range uint64(30) {
		var kv []string
		for j := range 2000 {
			key := fmt.Sprint(uint64(j) * (i + 1))
			kv = append(kv, key, fmt.Sprint(i))
			all[key] = fmt.Sprint(i)
		}
		at := Point{2, i + 1, i + 1, 0}
		require.NoError(t, s.Apply(at, pairs(kv...)))
		states[at] = maps.Clone(all)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		after := path + " after"
		require.NoError(t, os.WriteFile(after, data, 0o600))
		c := reopen(t, after)
		require.Equal(t, states[c.Point()], contents(t, c))
		if i == 29 {
			require.Greater(t, c.Point().TxID, uint64(15), "something was written")
		}
		require.NoError(t, c.Close())
	}
	require.NoError(t, s.Close())
}

func TestAnotherPartitionsFileIsEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := reopen(t, path)
	require.NoError(t, s.Apply(Point{2, 7, 30, 1}, pairs("dog", "1")))
	require.NoError(t, s.Close())
	s, err := OpenDisk(path, Identity{"words", "counts", 0, 2})
	require.NoError(t, err)
	require.Zero(t, s.Point())
	require.Empty(t, contents(t, s))
	require.NoError(t, s.Close())
}

func TestAFileThatIsNotOursIsRefused(t *testing.T) {
	folder := t.TempDir()
	ours, other, garbage := filepath.Join(folder, "ours"), filepath.Join(folder, "other"), filepath.Join(folder, "garbage")
	s := reopen(t, ours)
	_, err := OpenDisk(ours, identity)
	require.ErrorContains(t, err, "another process")
	require.NoError(t, s.Close())
	db, err := bbolt.Open(other, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("users")); return err }))
	require.NoError(t, db.Close())
	require.NoError(t, os.WriteFile(garbage, make([]byte, 1<<16), 0o600))
	for path, of := range map[string]Identity{ours: {"letters", "counts", 0, 1}, other: identity, garbage: identity} {
		_, err := OpenDisk(path, of)
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged)
		require.Equal(t, path, damaged.Path)
		require.ErrorContains(t, err, "remove the file")
	}
}

// A byte that is changed anywhere is found when the file is opened, or is where nothing is read.
func TestADamagedFileIsNeverRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := reopen(t, path)
	var kv []string
	for i := range 2000 {
		kv = append(kv, fmt.Sprintf("key %d", i), fmt.Sprint(i))
	}
	at := Point{2, 7, 30, 1}
	require.NoError(t, s.Apply(at, pairs(kv...)))
	want := contents(t, s)
	require.NoError(t, s.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	found := 0
	for i := 0; i < len(data); i += 601 {
		data[i] ^= 0x11
		if damagedFile(t, path, data, want) {
			found++
		}
		data[i] ^= 0x11
	}
	require.Greater(t, found, len(data)/601/8)
	for _, size := range []int{len(data) / 2, 4096, 100} {
		require.True(t, damagedFile(t, path, data[:size], want), "%d bytes", size)
	}
}

func damagedFile(t *testing.T, path string, data []byte, want map[string]string) bool {
	require.NoError(t, os.RemoveAll(path)) // as the error says
	require.NoError(t, os.WriteFile(path, data, 0o600))
	s, err := OpenDisk(path, identity)
	if err != nil {
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged)
		return true
	}
	if s.Point() == (Point{}) { // bbolt falls back to the transaction before
		require.Empty(t, contents(t, s))
	} else {
		require.Equal(t, want, contents(t, s))
	}
	require.NoError(t, s.Close())
	return false
}

func TestAValueThatIsMissingFromAFileIsMissed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := reopen(t, path)
	require.NoError(t, s.Apply(Point{2, 7, 30, 1}, pairs("dog", "1", "cat", "2")))
	require.NoError(t, s.Close())
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(valuesBucket).Delete(appendPlace(nil, "dog")) }))
	require.NoError(t, db.Close())
	_, err = OpenDisk(path, identity)
	require.ErrorContains(t, err, "it has 1 keys of 4 bytes in all, and should have 2 of 8")
}
