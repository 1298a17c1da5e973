package natsd

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// program returns bytes to be stored: 64 MiB when tests are long.
func program(t *testing.T) []byte {
	t.Helper()
	size := 4 << 20
	if *long {
		size = 64 << 20
	}
	p := make([]byte, size)
	_, err := rand.Read(p)
	require.NoError(t, err)
	return p
}

func objects(t *testing.T, nc *nats.Conn) jetstream.ObjectStore {
	t.Helper()
	_, err := cluster.CreateStore(t.Context(), nc, 1)
	require.NoError(t, err)
	o, err := jetStream(t, nc).ObjectStore(t.Context(), cluster.ProgramBucket)
	require.NoError(t, err)
	return o
}

// An object of which one byte is not what it was is an error to who reads it, after its last byte: nobody may use the bytes before.
func TestN14AWrongChunkIsADigestError(t *testing.T) {
	s := newServer(t, Options{})
	nc := connect(t, s.URL())
	o := objects(t, nc)
	want := program(t)
	i, err := o.PutBytes(t.Context(), "program", want)
	require.NoError(t, err)
	got, err := o.GetBytes(t.Context(), "program")
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))

	flipOneByte(t, jetStream(t, nc), cluster.ProgramChunks+i.NUID)
	_, err = o.GetBytes(t.Context(), "program")
	require.ErrorIs(t, err, jetstream.ErrDigestMismatch)
}

// flipOneByte writes all messages of a subject anew, the middle one with a byte changed.
func flipOneByte(t *testing.T, js jetstream.JetStream, subject string) {
	t.Helper()
	stream, err := js.Stream(t.Context(), cluster.ProgramStream)
	require.NoError(t, err)
	var chunks [][]byte
	for from := uint64(1); ; {
		m, err := stream.GetMsg(t.Context(), from, jetstream.WithGetMsgSubject(subject))
		if err != nil {
			require.ErrorIs(t, err, jetstream.ErrMsgNotFound)
			break
		}
		chunks = append(chunks, m.Data)
		from = m.Sequence + 1
	}
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeSubject(subject)))
	middle := chunks[len(chunks)/2]
	middle[len(middle)/2] ^= 1
	for _, c := range chunks {
		_, err = js.Publish(t.Context(), subject, c)
		require.NoError(t, err)
	}
}

// A byte that changes on the disk is never read as if nothing was: there is an error, or no object, or the right bytes.
func TestN14ARottenDiskIsNeverReadAsRight(t *testing.T) {
	o := Options{Data: t.TempDir(), Port: -1}
	s := newServer(t, o)
	want := program(t)
	_, err := objects(t, connect(t, s.URL())).PutBytes(t.Context(), "program", want)
	require.NoError(t, err)
	s.Shutdown()
	rot(t, o.Data)

	nc := connect(t, newServer(t, o).URL())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got, err := objects(t, nc).GetBytes(ctx, "program")
	require.True(t, err != nil || bytes.Equal(want, got), "the object was read, and is wrong")
	t.Logf("read %d of %d bytes: %v", len(got), len(want), err)
}

// rot flips a byte in the middle of the biggest block of a stream.
func rot(t *testing.T, dir string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", cluster.ProgramStream, "msgs", "*.blk"))
	require.NoError(t, err)
	var biggest []byte
	name := ""
	for _, b := range blocks {
		if content := must(os.ReadFile(b)); len(content) > len(biggest) {
			biggest, name = content, b
		}
	}
	require.NotEmpty(t, name, "no block in %s", dir)
	biggest[len(biggest)/2] ^= 1
	require.NoError(t, os.WriteFile(name, biggest, 0o600))
}
