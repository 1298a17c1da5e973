package source

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// stdinRig is a spout that reads from a pipe, as a process reads what another writes.
func stdinRig(t *testing.T) (*rig, *os.File) {
	in, out, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	r := newRig(t, LinesWith(LinesOptions{Stdin: in}, "-")(), 0, 1)
	require.NoError(t, r.open())
	return r, out
}

func TestStandardInputIsReadAsItComes(t *testing.T) {
	r, out := stdinRig(t)
	require.False(t, r.next(), "nothing is there, and Next does not wait for it")
	for i, text := range []string{"one\n", "two\nth", "ree\n", "four"} {
		_, err := out.WriteString(text)
		require.NoError(t, err)
		if i == 1 {
			r.run(2)
			require.Equal(t, []string{"one", "two"}, r.texts(), "before the rest is written")
		}
	}
	require.NoError(t, out.Close())
	r.run(all)
	r.close()
	require.Equal(t, []string{"one", "two", "three", "four"}, r.texts())
	require.Equal(t, emitted{"four", "-", 4, r.lines[3].id}, r.lines[3])
}

func TestCloseEndsAReadThatWaits(t *testing.T) {
	r, out := stdinRig(t)
	require.False(t, r.next())
	p := r.spout.(*lineSpout).current.(*pipe)
	r.close()
	select {
	case <-p.ended:
	default:
		require.Fail(t, "Close did not wait for its goroutine")
	}
	require.NoError(t, out.Close())
}

func TestCloseEndsAReaderThatNobodyTakesFrom(t *testing.T) {
	r, out := stdinRig(t)
	require.False(t, r.next())
	p := r.spout.(*lineSpout).current.(*pipe)
	for range waiting + 1 {
		_, err := out.WriteString("line\n")
		require.NoError(t, err)
		if len(p.blocks) < waiting {
			<-r.woken
		}
	}
	require.Len(t, p.blocks, waiting)
	r.close()
	require.NoError(t, out.Close())
}

type broken struct{ sent bool }

func (b *broken) Read(p []byte) (int, error) {
	if b.sent {
		return 0, errors.New("the line is dead")
	}
	b.sent = true
	return copy(p, "one\ntw"), nil
}

func TestABrokenStandardInputIsReported(t *testing.T) {
	r := readAll(t, LinesOptions{Stdin: &broken{}}, "-")
	require.Equal(t, []string{"one", "tw"}, r.texts())
	require.EqualValues(t, 1, r.count("files.unreadable"))
	require.EqualError(t, r.reports()[0], "read -: the line is dead")
}
