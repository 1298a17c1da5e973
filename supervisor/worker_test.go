package supervisor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

func alive(pid int) bool {
	_, ended, err := identify(pid)
	return err == nil && !ended
}

func TestWorkerIsStartedAndRemoved(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "live")
	p := w.awaitWorker(t, a, "it runs", runs(1))
	require.True(t, alive(p.PID))
	require.Equal(t, a.Topology, p.Topology)
	require.Equal(t, a.ID, p.TopologyID)
	group, err := unix.Getpgid(p.PID)
	require.NoError(t, err)
	require.Equal(t, p.PID, group)

	r.remove(t, a)
	w.awaitGone(t, a)
	require.False(t, alive(p.PID))
	eventually(t, "its folder is removed, but for the logs", func() bool {
		_, err := os.Lstat(w.place(a))
		_, kept := os.Lstat(filepath.Join(w.data, keptDir, workerOf(a), logFile))
		return os.IsNotExist(err) && kept == nil
	})
}

func TestKilledWorkerIsStartedAgain(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "live")
	first := w.awaitWorker(t, a, "it runs", runs(1))
	require.NoError(t, unix.Kill(first.PID, unix.SIGKILL))
	second := w.awaitWorker(t, a, "its second life runs", runs(2))
	require.NotEqual(t, first.PID, second.PID)
	require.Equal(t, "signal: killed", second.Crash.Reason)
	require.Equal(t, uint64(1), second.Crash.Life)
	require.Empty(t, second.Crash.Panic)
}

func TestPanicIsReported(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "panic")
	p := w.awaitWorker(t, a, "its second life runs", runs(2))
	require.Equal(t, "exit status 2", p.Crash.Reason)
	require.True(t, strings.HasPrefix(p.Crash.Panic, "panic: the moon is full"), p.Crash.Panic)
	require.Contains(t, p.Crash.Panic, "main_test.go")
	require.Contains(t, p.Crash.LastLog, "about to")
}

func TestHungWorkerIsKilled(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "hang")
	p := w.awaitWorker(t, a, "its second life runs", runs(2))
	require.True(t, strings.HasPrefix(p.Crash.Reason, "no sign of life for"), p.Crash.Reason)
}

func TestWorkerThatUsesTooMuchMemoryIsKilled(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	program := r.program
	program.Args = []string{"eat"}
	a := assignment(w.ID(), program)
	a.Epoch, a.Current.Memory = r.writer.Epoch(), 256
	r.write(t, a)
	p := w.awaitWorker(t, a, "its second life runs", runs(2))
	require.True(t, strings.HasPrefix(p.Crash.Reason, "memory limit: it used "), p.Crash.Reason)
	require.Contains(t, environ(t, p.PID), "GOMEMLIMIT=235929KiB")
}

func TestStubbornWorkerIsKilledWithItsChildren(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, func(o *Options) { o.Timing.StopGrace = 100 * time.Millisecond })
	a := r.assign(t, w.Supervisor, "stubborn")
	p := w.awaitWorker(t, a, "it runs", runs(1))
	held := heldBy(t, w.place(a))
	require.True(t, alive(held))
	r.remove(t, a)
	w.awaitGone(t, a)
	require.False(t, alive(p.PID))
	eventually(t, "the worker's child is gone", func() bool { return !alive(held) })
}

func TestChildrenEndWithTheirWorker(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "stubborn")
	p := w.awaitWorker(t, a, "it runs", runs(1))
	held := heldBy(t, w.place(a))
	require.NoError(t, unix.Kill(p.PID, unix.SIGKILL))
	w.awaitWorker(t, a, "its second life runs", runs(2))
	eventually(t, "the worker's child is gone", func() bool { return !alive(held) })
}

func TestDescendantsThatLeftTheGroupEndWithTheirWorker(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a, other := r.assign(t, w.Supervisor, "escape"), r.assign(t, w.Supervisor, "escape")
	w.awaitWorker(t, a, "it runs", runs(1))
	w.awaitWorker(t, other, "it runs", runs(1))
	held, others := heldBy(t, w.place(a)), heldBy(t, w.place(other))
	r.remove(t, a)
	w.awaitGone(t, a)
	eventually(t, "the worker's descendant is gone", func() bool { return !alive(held) })
	require.True(t, alive(others), "that of a worker that runs was killed")
}

func TestDescendantsOfAnEndedWorkerAreNotLeftByAFormerSupervisor(t *testing.T) {
	r := sharedRig(t)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "escape")
	p := former.awaitWorker(t, a, "it runs", runs(1))
	held := heldBy(t, former.place(a))
	former.end(t, unix.SIGKILL)
	require.NoError(t, unix.Kill(p.PID, unix.SIGKILL))
	eventually(t, "the worker has ended", func() bool { return !alive(p.PID) })
	former.successor(t, r).awaitWorker(t, a, "its second life runs", runs(2))
	require.False(t, alive(held))
}

// heldBy returns the process that the stubborn worker has started.
func heldBy(t *testing.T, place string) (pid int) {
	t.Helper()
	eventually(t, "the worker has a child", func() bool {
		text, err := os.ReadFile(filepath.Join(place, workDir, "held"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(text))
		return err == nil
	})
	return pid
}

func TestWorkerThatEndedInOrderRests(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	for _, act := range []string{"exit0", "over"} {
		a := r.assign(t, w.Supervisor, act)
		p := w.awaitWorker(t, a, "it has ended", func(p *cluster.Process) bool { return p.State == string(stopping) && p.PID == 0 })
		require.Equal(t, uint64(1), p.Life)
		require.Nil(t, p.Crash)
		r.remove(t, a)
		w.awaitGone(t, a)
	}
}

func TestWorkerThatEndedInOrderAndIsStillWantedLivesAgain(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, func(o *Options) { o.Timing.BackoffMax = 200 * time.Millisecond })
	a := r.assign(t, w.Supervisor, "exit0")
	require.Nil(t, w.awaitWorker(t, a, "its second life runs", runs(2)).Crash)
}

func TestIllnessIsToldAndStopsNoWorker(t *testing.T) {
	r := sharedRig(t)
	checks := t.TempDir()
	sick := filepath.Join(checks, "sick")
	w := r.run(t, func(o *Options) { o.HealthChecks, o.Timing.HealthEvery = checks, 10*time.Millisecond })
	a := r.assign(t, w.Supervisor, "live")
	p := w.awaitWorker(t, a, "it runs", runs(1))

	require.NoError(t, os.WriteFile(sick+".part", []byte("#!/bin/sh\necho fine so far\necho ERROR no disk\n"), 0o600))
	require.NoError(t, os.Chmod(sick+".part", 0o700))
	require.NoError(t, os.Rename(sick+".part", sick))
	b := w.await(t, "it is ill", func(b *cluster.Beat) bool { return !b.Healthy })
	require.Equal(t, "sick: ERROR no disk", b.Health)
	another := r.assign(t, w.Supervisor, "live")
	w.awaitWorker(t, another, "what is assigned is started all the same", runs(1))
	require.NoError(t, os.Remove(sick))
	w.await(t, "it is well", func(b *cluster.Beat) bool { return b.Healthy })
	same := w.awaitWorker(t, a, "it has run all the time", runs(1))
	require.Equal(t, p.PID, same.PID)
}

func TestLivesOfAWorkerGoUpThroughARestart(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "live")
	w.awaitWorker(t, a, "it runs", runs(1))
	w.end()
	again := r.run(t, func(o *Options) { o.Data = w.data })
	require.Equal(t, w.ID(), again.ID())
	again.awaitWorker(t, a, "it lives again", runs(2))
}

func TestEndStopsWorkersIfItIsTo(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "live")
	p := w.awaitWorker(t, a, "it runs", runs(1))
	w.end()
	require.False(t, alive(p.PID))
	w.await(t, "it leaves", func(b *cluster.Beat) bool { return b.Leaving && len(b.Processes) == 0 })
}

func environ(t *testing.T, pid int) []string {
	t.Helper()
	p := &process.Process{Pid: int32(pid)}
	env, err := p.Environ()
	require.NoError(t, err)
	return env
}
