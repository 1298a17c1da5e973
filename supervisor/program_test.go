package supervisor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// script is a program that leaves a file in its working directory.
func script(what string) []byte {
	return []byte("#!/bin/sh\n: " + what + "\necho it ran > ran\nsleep 60\n")
}

// A byte of the stored program is not what it was. The store's own digest is right here: who writes to the store can write
// that, too.
func TestS10ProgramOfWrongBytesIsNotExecuted(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	right := script(t.Name())
	sum := sha256.Sum256(right)
	program := cluster.Program{Digest: hex.EncodeToString(sum[:]), Size: int64(len(right))}
	wrong := bytes.Clone(right)
	wrong[len(wrong)-3] ^= 1
	r.put(t, program.Digest, wrong)
	a := assignment(w.ID(), program)
	r.write(t, a)
	p := w.awaitWorker(t, a, "it can't be started", func(p *cluster.Process) bool { return p.Error != "" })
	require.Contains(t, p.Error, "the stored bytes have the SHA-256")
	require.Equal(t, string(fetching), p.State)
	require.Zero(t, p.Life)
	require.NoFileExists(t, filepath.Join(w.place(a), workDir, "ran"))
	require.NoFileExists(t, filepath.Join(w.data, programsDir, program.Digest))

	r.put(t, program.Digest, right)
	w.awaitWorker(t, a, "it runs once the store is right", func(p *cluster.Process) bool { return p.PID != 0 && p.Error == "" })
}

func TestProgramThatIsTooLongIsNotFetched(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	program := r.upload(t, script(t.Name()))
	program.Size--
	a := assignment(w.ID(), program)
	r.write(t, a)
	p := w.awaitWorker(t, a, "it can't be started", func(p *cluster.Process) bool { return p.Error != "" })
	require.Contains(t, p.Error, "the stored one has")
}

func TestProgramThatWasDamagedOnDiskIsFetchedAnew(t *testing.T) {
	r := sharedRig(t)
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	open := func(ctx context.Context) (jetstream.ObjectStore, error) {
		return r.js.ObjectStore(ctx, cluster.ProgramBucket)
	}
	content := script(t.Name())
	program := r.upload(t, content)
	path, err := newPrograms(root, open).have(t.Context(), &program)
	require.NoError(t, err)

	damaged := bytes.Clone(content)
	damaged[20] ^= 1
	replace(t, path, damaged)
	next := newPrograms(root, open)
	_, err = next.have(t.Context(), &program)
	require.NoError(t, err)
	requireContent(t, path, content)

	// Exchanged after it was verified.
	replace(t, path, damaged)
	_, err = next.have(t.Context(), &program)
	require.NoError(t, err)
	requireContent(t, path, content)
}

// A worker changes the program in place, which belongs to the same user, and sets its times back.
func TestS10ProgramThatWasChangedInPlaceIsNotExecuted(t *testing.T) {
	r := sharedRig(t)
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	p := newPrograms(root, func(ctx context.Context) (jetstream.ObjectStore, error) {
		return r.js.ObjectStore(ctx, cluster.ProgramBucket)
	})
	content := script(t.Name())
	program := r.upload(t, content)
	path, err := p.have(t.Context(), &program)
	require.NoError(t, err)
	eventually(t, "the bytes need not be read again", func() bool {
		require.True(t, p.right(&program))
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.mu.verified[program.Digest].inode != 0
	})

	before, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o700))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{content[20] ^ 1}, 20)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, os.Chmod(path, before.Mode()))
	require.NoError(t, os.Chtimes(path, before.ModTime(), before.ModTime()))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after) && before.ModTime().Equal(after.ModTime()), "the test changes nothing else that shows")
	require.False(t, p.right(&program))
	_, err = p.have(t.Context(), &program)
	require.NoError(t, err)
	requireContent(t, path, content)
}

func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, content, 0o500))
}

func requireContent(t *testing.T, path string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, got)
}

func TestUnusedProgramsAreRemovedInTime(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	used, unused := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for _, name := range []string{used, unused, unused + ".part"} {
		require.NoError(t, root.WriteFile(name, nil, 0o500))
	}
	p := newPrograms(root, func(context.Context) (jetstream.ObjectStore, error) { return nil, errors.New("not needed") })
	now, inUse := time.Now(), map[string]bool{used: true}
	require.NoError(t, p.clean(now, inUse, time.Minute))
	require.NoError(t, p.clean(now.Add(59*time.Second), inUse, time.Minute))
	require.FileExists(t, filepath.Join(root.Name(), unused))
	require.NoError(t, p.clean(now.Add(time.Minute), inUse, time.Minute))
	require.NoError(t, p.clean(now.Add(time.Minute), inUse, time.Minute))
	require.NoError(t, p.clean(now.Add(2*time.Minute), inUse, time.Minute))
	require.FileExists(t, filepath.Join(root.Name(), used))
	require.NoFileExists(t, filepath.Join(root.Name(), unused))
	require.NoFileExists(t, filepath.Join(root.Name(), unused+".part"))
}
