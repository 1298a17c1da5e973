package state

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func benchKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("word-%07d", i*7919%n)
	}
	return keys
}

// A counter each: Get, add one, Put; a batch is 10,000 of them, staged and folded.
func BenchmarkCount(b *testing.B) {
	b.Run("memory-10k", func(b *testing.B) { benchmarkCount(b, Memory(), benchKeys(10_000)) })
	b.Run("memory-1m", func(b *testing.B) { benchmarkCount(b, Memory(), benchKeys(1_000_000)) })
	b.Run("disk-10k", func(b *testing.B) { benchmarkCount(b, makers["disk"](b), benchKeys(10_000)) })
	b.Run("disk-100k", func(b *testing.B) { benchmarkCount(b, makers["disk"](b), benchKeys(100_000)) })
}

func benchmarkCount(b *testing.B, s Store, keys []string) {
	r := newRig(b, 1, Options{})
	r.store = func() Store { return s }
	r.open(1)
	p := r.partitions[0]
	var value [8]byte
	txid, at := uint64(0), 0
	count := func(n int) {
		txid++
		require.NoError(b, p.Begin(txid, r.attempt, 0))
		for range n {
			key := keys[at]
			if at++; at == len(keys) {
				at = 0
			}
			old, ok, err := p.Get(key)
			if err != nil {
				b.Fatal(err)
			}
			c := uint64(0)
			if ok {
				c = binary.LittleEndian.Uint64(old)
			}
			binary.LittleEndian.PutUint64(value[:], c+1)
			if err := p.Put(key, value[:]); err != nil {
				b.Fatal(err)
			}
		}
	}
	fold := func() {
		p.Staged()
		require.NoError(b, p.Commit(txid, r.attempt, 0))
	}
	count(len(keys))
	fold()
	const batch = 10_000
	b.Run("get+put", func(b *testing.B) {
		for done := 0; done < b.N; done += batch {
			count(min(batch, b.N-done))
			b.StopTimer()
			fold()
			b.StartTimer()
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for done := 0; done < b.N; done += batch {
			count(min(batch, b.N-done))
			fold()
		}
	})
}

// Recovery of 1,000,000 keys: from the log alone, and from snapshots.
func BenchmarkRecover(b *testing.B) {
	for _, from := range []string{"log", "snapshots"} {
		o := Options{}
		if from == "snapshots" {
			o = eager
		}
		r := newRig(b, 1, o)
		keys := benchKeys(1_000_000)
		for len(keys) > 0 {
			r.begin(r.txid + 1)
			for _, key := range keys[:10_000] {
				require.NoError(b, r.partitions[0].Put(key, []byte("12345678")))
			}
			keys = keys[10_000:]
			r.stage()
			r.announce(r.record(r.txid + 1))
		}
		r.snapshots()
		b.Run(from+"-memory", func(b *testing.B) {
			for range b.N {
				r.open(1)
			}
		})
		b.Run(from+"-disk", func(b *testing.B) {
			for range b.N {
				s := reopen(b, filepath.Join(b.TempDir(), "state"))
				r.store = func() Store { return s }
				r.open(1)
				require.NoError(b, s.Close())
				r.store = Memory
			}
		})
	}
}

// One slice of a state of 1,000,000 keys: how long the task stands still.
func BenchmarkSnapshot(b *testing.B) {
	r := newRig(b, 1, eager)
	for i := range 10 {
		r.begin(r.txid + 1)
		for _, key := range benchKeys(1_000_000)[i*100_000 : (i+1)*100_000] {
			require.NoError(b, r.partitions[0].Put(key, []byte("12345678")))
		}
		r.announce(r.record(r.txid + 1))
	}
	p := r.partitions[0]
	for b.Loop() {
		p.cycle.staged = 1
		s, err := p.NextSnapshot()
		require.NoError(b, err)
		s.Done(nil)
	}
}
