package chaos

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// TestR21CleanStop runs and kills the load over and over, while it is fed: what was under way is drained, and nothing is left behind. Each
// goes on where the one before has stopped.
func TestR21CleanStop(t *testing.T) {
	rounds := 5
	if *long {
		rounds = 100
	}
	s := idle(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	before := s.remains()
	s.begin()
	for round := range rounds {
		s.kill(5 * time.Second)
		s.awaitRemains(before)
		t.Logf("round %d: %d results, nothing is left", round+1, s.oracle.Seen())
		s.topology = s.cluster.Submit(s.load.submission(t))
		s.feedFlows()
	}
	s.settle(0)
}

// TestKilledWhileStarting kills the load as soon as it is submitted, and when its first worker has a process.
func TestKilledWhileStarting(t *testing.T) {
	s := idle(t, rig.Options{Supervisors: 2}, load{Workers: 3, Tasks: 3})
	before := s.remains()
	s.begin()
	s.kill(5 * time.Second)
	s.awaitRemains(before)
	for _, until := range []func() bool{func() bool { return true }, s.anyProcess} {
		s.submit()
		rig.Await(t, "the worker may be killed", until)
		s.kill(-1)
		s.awaitRemains(before)
	}
	s.topology = s.cluster.Submit(s.load.submission(t))
	s.settle(2)
}

// idle is a scene before the load is submitted.
func idle(t *testing.T, o rig.Options, l load) *scene {
	t.Helper()
	s := &scene{t: t, rig: rig.New(t), load: l}
	s.streams = s.rig.Server("streams")
	s.cluster = s.rig.Cluster(o)
	return s
}

// submit does not wait for workers.
func (s *scene) submit() {
	s.t.Helper()
	submission := s.load.submission(s.t)
	for k, v := range s.rig.Env() {
		submission.Program.Env[k] = v
	}
	_, err := s.cluster.Client.Submit(s.t.Context(), submission)
	require.NoError(s.t, err)
}

func (s *scene) anyProcess() bool {
	return slices.ContainsFunc(s.describe().Workers, func(w cluster.WorkerStatus) bool { return w.PID != 0 })
}

// kill kills the load, and waits until the cluster says that it is gone.
func (s *scene) kill(wait time.Duration) {
	s.t.Helper()
	begun, d := time.Now(), s.describe()
	ctx, cancel := context.WithTimeout(s.t.Context(), rig.Patience)
	defer cancel()
	require.NoError(s.t, s.cluster.Client.Kill(ctx, cluster.KillRequest{Name: d.Name, Wait: wait}))
	require.NoError(s.t, s.cluster.Client.WaitGone(ctx, d.Name, d.ID, nil))
	s.t.Logf("gone after %v", time.Since(begun).Round(time.Millisecond))
}

// remains is all that a topology might leave behind.
type remains struct {
	processes []int
	records   []string       // keys of the cluster's bucket
	streams   map[string]int // of the cluster's NATS, with how many consumers each has
	programs  []string
	files     []string // of workers, in the folders of supervisors
}

func (s *scene) remains() (r remains) {
	s.t.Helper()
	nc, err := cluster.Connect(s.cluster.Admin, "chaos", nil)
	require.NoError(s.t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(s.t, err)
	r.processes, r.files = s.rig.PIDs(), s.workerFiles()
	r.records, r.programs, r.streams = s.records(js), s.programs(js), map[string]int{}
	streams := js.ListStreams(s.t.Context())
	for info := range streams.Info() {
		r.streams[info.Config.Name] = info.State.Consumers
	}
	require.NoError(s.t, streams.Err())
	return r
}

// records returns the keys that are not of supervisors, which go by their own.
func (s *scene) records(js jetstream.JetStream) (keys []string) {
	s.t.Helper()
	kv, err := js.KeyValue(s.t.Context(), cluster.Bucket)
	require.NoError(s.t, err)
	all, err := kv.ListKeys(s.t.Context())
	require.NoError(s.t, err)
	for key := range all.Keys() {
		if !strings.HasPrefix(key, cluster.SupervisorPrefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (s *scene) programs(js jetstream.JetStream) (names []string) {
	s.t.Helper()
	store, err := js.ObjectStore(s.t.Context(), cluster.ProgramBucket)
	require.NoError(s.t, err)
	all, err := store.List(s.t.Context())
	if err != nil {
		require.ErrorIs(s.t, err, jetstream.ErrNoObjectsFound)
	}
	for _, o := range all {
		names = append(names, o.Name)
	}
	return names
}

// workerFiles returns the folders of workers and what is being removed. Logs are kept for a while, and programs.
func (s *scene) workerFiles() (files []string) {
	s.t.Helper()
	for _, v := range s.cluster.Supervisors {
		for _, folder := range []string{"workers", "trash"} {
			entries, err := os.ReadDir(filepath.Join(v.Data, folder))
			if err != nil {
				require.ErrorIs(s.t, err, os.ErrNotExist)
			}
			for _, e := range entries {
				files = append(files, filepath.Join(v.ID, folder, e.Name()))
			}
		}
	}
	return files
}

// awaitRemains waits until there is what was there before, and nothing else: the cluster may be about to remove the rest.
func (s *scene) awaitRemains(before remains) {
	s.t.Helper()
	var now remains
	defer func() {
		if s.t.Failed() {
			s.t.Logf("there is %+v, and was %+v", now, before)
		}
	}()
	rig.Await(s.t, "nothing is left behind", func() bool {
		now = s.remains()
		return reflect.DeepEqual(before, now)
	})
}
