package cli

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// writes keeps what each write had.
type writes struct {
	mu  sync.Mutex
	all []string
	err error
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(p) > 0 {
		w.all = append(w.all, string(p))
	}
	return len(p), w.err
}

func (w *writes) written() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.all...)
}

func TestLinesAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &writes{}
		b := &batched{out: w}
		for i := range 3 {
			require.NoError(t, b.add(fmt.Sprintln(i)))
		}
		require.Empty(t, w.written())
		time.Sleep(batchTime) // virtual
		synctest.Wait()
		require.Equal(t, []string{"0\n1\n2\n"}, w.written())
		require.NoError(t, b.add("3\n"))
		b.flush()
		require.Equal(t, "3\n", w.written()[1])
		time.Sleep(batchTime)
		synctest.Wait()
		require.Len(t, w.written(), 2)
	})
}

func TestManyLinesDoNotWait(t *testing.T) {
	w := &writes{}
	b := &batched{out: w}
	require.NoError(t, b.add(strings.Repeat("x", batchBytes+1)))
	require.Len(t, w.written(), 1)
}

func TestAnErrorOfWritingIsToldNext(t *testing.T) {
	w := &writes{err: errors.New("the disk is full")}
	b := &batched{out: w}
	require.ErrorIs(t, b.add(strings.Repeat("x", batchBytes+1)), w.err)
}
