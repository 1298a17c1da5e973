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

// store opens the stream of programs as a daemon.
func (s *site) store() jetstream.Stream {
	s.t.Helper()
	nc, err := cluster.Connect(s.access("daemon"), "test", nil)
	require.NoError(s.t, err)
	s.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(s.t, err)
	stream, err := js.Stream(s.t.Context(), cluster.ProgramStream)
	require.NoError(s.t, err)
	return stream
}

func (s *site) stored() jetstream.StreamState {
	s.t.Helper()
	info, err := s.store().Info(s.t.Context())
	require.NoError(s.t, err)
	return info.State
}

func TestS17AProgramThatIsTooLargeIsNotSent(t *testing.T) {
	s := newSite(t, 0o022)
	before := s.stored()
	_, err := s.client.Submit(t.Context(), client.Submission{Program: client.Program{Path: sparse(t, cluster.MaxProgram+1)}, Definition: words("large")})
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, fmt.Sprintf("1..%d", cluster.MaxProgram))
	require.Equal(t, before, s.stored())
}

// uploads are as many as submit at the same time. Of them, as many as there are slots are done, and the others leave nothing.
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
	done := 0
	for i, err := range outcomes {
		if err == nil {
			done++
			continue
		}
		require.Contains(t, []cluster.Code{cluster.NoRoom, cluster.Unavailable, cluster.Timeout}, cluster.CodeOf(err), "%d: %v", i, err)
	}
	require.LessOrEqual(t, done, 2)
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
