package trident

import (
	"github.com/galestream/gale/trident/state"
)

// byTurns shares out records one after the other, in runs that keep chunks full.
func byTurns[T any]() sharing[T] {
	at, left := 0, 0
	return func(_ T, _ *batch, n int) int {
		if left == 0 {
			at, left = (at+1)%n, 64
		}
		left--
		return at
	}
}

// byKey gives the records of one key to the task that owns its key group. The buffer is the writer's.
func byKey[T any, K comparable](key func(T) K, encode func([]byte, K) []byte) sharing[T] {
	var b []byte
	return func(x T, _ *batch, n int) int {
		b = encode(b[:0], key(x))
		return state.Owner(state.Group(textOf(b)), n)
	}
}

func toAll[T any]() sharing[T]   { return func(T, *batch, int) int { return all } }
func toFirst[T any]() sharing[T] { return func(T, *batch, int) int { return 0 } }

// byBatch gives a whole batch to one task, the next one to the next.
func byBatch[T any]() sharing[T] {
	return func(_ T, b *batch, n int) int { return int(b.txid % uint64(n)) }
}

// byChoice leaves it to the author, whose choice outside [0, n) is a mistake that fails the batch.
func byChoice[T any](choose func(x T, tasks int) int) sharing[T] {
	return func(x T, _ *batch, n int) int {
		i := choose(x, n)
		if i < 0 || i >= n {
			panic(&choiceError{i, n})
		}
		return i
	}
}
