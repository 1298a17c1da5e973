package security

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// sparse is a program of so many bytes, of which the disk has none.
func sparse(t *testing.T, size int64) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(file, nil, 0o700))
	require.NoError(t, os.Truncate(file, size))
	return file
}

// words is a topology of one task, whose program need not run.
func words(name string) *cluster.Definition {
	d := requests()[cluster.VerbSubmit].(cluster.SubmitRequest).Definition
	d.Name, d.Components = name, []cluster.Component{{ID: "s", Parallelism: 1, Spout: true}}
	return &d
}

// jetStream connects as a daemon.
func (s *site) jetStream() jetstream.JetStream {
	s.t.Helper()
	nc, err := cluster.Connect(s.access("daemon"), "test", nil)
	require.NoError(s.t, err)
	s.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(s.t, err)
	return js
}

// stored returns the state of the stream of programs, with its subjects.
func (s *site) stored() jetstream.StreamState {
	s.t.Helper()
	stream, err := s.jetStream().Stream(s.t.Context(), cluster.ProgramStream)
	require.NoError(s.t, err)
	info, err := stream.Info(s.t.Context(), jetstream.WithSubjectFilter(cluster.ProgramSubjects))
	require.NoError(s.t, err)
	return info.State
}

// programs returns how many whole programs are in the store, and how many others are begun only: their chunks are there without an
// entry, or the other way round.
func (s *site) programs() (whole, begun int) {
	s.t.Helper()
	store, err := s.jetStream().ObjectStore(s.t.Context(), cluster.ProgramBucket)
	require.NoError(s.t, err)
	all, err := store.List(s.t.Context())
	require.NoError(s.t, err)
	subjects := s.stored().Subjects
	for _, p := range all {
		if subjects[cluster.ProgramChunks+p.NUID] == uint64(p.Chunks) {
			whole++
		} else {
			begun++
		}
		delete(subjects, cluster.ProgramChunks+p.NUID)
	}
	for subject := range subjects {
		if strings.HasPrefix(subject, cluster.ProgramChunks) {
			begun++
		}
	}
	return whole, begun
}

func TestS17AProgramThatIsTooLargeIsNotSent(t *testing.T) {
	s := newSite(t, 0o022)
	before := s.stored()
	_, err := s.client.Submit(t.Context(), client.Submission{Program: client.Program{Path: sparse(t, cluster.MaxProgram+1)}, Definition: words("large")})
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, fmt.Sprintf("1..%d", cluster.MaxProgram))
	require.Equal(t, before, s.stored())
}

// uploads are as many as submit at the same time. Of them, as many as there are slots are done. The others leave nothing but whole programs, which
// Nimbus removes when they are old (see package nimbus); who found it busy may have left half of one, which is removed alike.
const uploads = 100

func TestS17ManyUploadsAtTheSameTime(t *testing.T) {
	s := newSite(t, 0o022)
	s.submit() // takes two of the four slots
	var all sync.WaitGroup
	outcomes := make([]error, uploads)
	for i := range uploads {
		all.Go(func() { outcomes[i] = s.submitOne(i) })
	}
	all.Wait()
	done, count := 0, map[cluster.Code]int{}
	for i, err := range outcomes {
		if err == nil {
			done++
			continue
		}
		code := cluster.CodeOf(err)
		require.Contains(t, []cluster.Code{cluster.NoRoom, cluster.Unavailable, cluster.Timeout}, code, "%d: %v", i, err)
		count[code]++
	}
	interrupted := count[cluster.Unavailable] + count[cluster.Timeout]
	t.Logf("done: %d, refused: %v", done, count)
	require.Positive(t, done)
	require.LessOrEqual(t, done, 2)
	whole, begun := s.programs()
	require.GreaterOrEqual(t, whole, 1+done)
	require.LessOrEqual(t, whole, 1+uploads)
	require.LessOrEqual(t, begun, interrupted)
	status, err := s.client.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2+done, status.Used, "slots")
	list, err := s.client.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, done+1)
	d, err := s.client.Describe(t.Context(), "numbers")
	require.NoError(t, err)
	require.Empty(t, d.Crashes)
	taken := s.taken("numbers")
	rig.Await(t, "tuples flow", func() bool { return s.taken("numbers") > taken })
}

// submitOne submits a small program of its own.
func (s *site) submitOne(i int) error {
	c, err := client.Connect(s.access("client"))
	if err != nil {
		return err
	}
	defer c.Close()
	file := filepath.Join(s.home, fmt.Sprintf("program-%d", i))
	if err := os.WriteFile(file, []byte(strings.Repeat(fmt.Sprintf("%07d\n", i), 32<<10)), 0o700); err != nil { //nolint:gosec // it is a program
		return err
	}
	_, err = c.Submit(s.t.Context(), client.Submission{Program: client.Program{Path: file}, Definition: words(fmt.Sprintf("words-%d", i))})
	return err
}

// A client that is killed while it sends leaves what Nimbus collects later (see package nimbus), and is in nobody's way.
func TestS17AnUploadThatEndsHalfWayIsInNobodysWay(t *testing.T) {
	s := newSite(t, 0o022)
	file := sparse(t, 64<<20)
	uploader := s.rig.Start("uploader", uploadRole, uploading{s.access("client"), file})
	rig.Await(t, "some of it is there", func() bool { return s.stored().Bytes > 1<<20 })
	uploader.Kill()
	_, err := s.client.Describe(t.Context(), "half")
	require.Equal(t, cluster.NotFound, cluster.CodeOf(err))
	require.Equal(t, cluster.Active, s.submit().Status)
	r, err := s.client.Submit(t.Context(), client.Submission{Program: client.Program{Path: file}, Definition: words("half")})
	require.NoError(t, err, "the second time it is sent whole")
	require.Equal(t, "half", r.Name)
}

const uploadRole = "upload"

// uploading is what an uploader sends, and where to.
type uploading struct {
	Access  cluster.Access
	Program string
}

// upload sends some of a program, and then no more.
func upload(ctx context.Context, setting []byte, ready func(string)) error {
	var u uploading
	if err := json.Unmarshal(setting, &u); err != nil {
		return err
	}
	c, err := client.Connect(u.Access)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Submit(ctx, client.Submission{Program: client.Program{Path: u.Program}, Definition: words("half"), Progress: func(sent, total int64) {
		if sent > total/2 {
			ready("")
			<-ctx.Done()
		}
	}})
	return err
}
