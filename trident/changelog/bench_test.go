package changelog_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
)

// places are the durable logs, both synced on every append.
var places = []struct {
	name string
	open func(b *testing.B) changelog.Log
}{
	{"folder", func(b *testing.B) changelog.Log { return openFolder(b, b.TempDir()) }},
	{"jetstream", func(b *testing.B) changelog.Log { return newRig(b).log("bench", changelog.Options{}) }},
}

func BenchmarkAppend(b *testing.B) {
	for _, place := range places {
		for _, together := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", place.name, together), func(b *testing.B) {
				l := place.open(b)
				attempt, payload := fence(b, l, ""), make([]byte, 64<<10)
				b.SetBytes(int64(len(payload)))
				b.ResetTimer()
				var wg sync.WaitGroup
				for w := range together {
					wg.Go(func() {
						for i := w; i < b.N; i += together {
							if _, err := l.Append(b.Context(), attempt, changelog.Staged, payload); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, place := range places {
		for _, size := range []int{256, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%d", place.name, size), func(b *testing.B) {
				l := place.open(b)
				attempt, payload := fence(b, l, ""), make([]byte, size)
				const records = 1024
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						for range records / 16 {
							if _, err := l.Append(b.Context(), attempt, changelog.Staged, payload); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.SetBytes(int64(records * size))
				for b.Loop() {
					require.NoError(b, l.Read(b.Context(), 2, 0, func(changelog.Record) error { return nil }))
				}
			})
		}
	}
}
