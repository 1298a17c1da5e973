package supervisor

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nats-io/nuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// elsewhere is a supervisor in a process of its own.
type elsewhere struct {
	*watched
	cmd *exec.Cmd
}

// runElsewhere runs a supervisor that can be killed.
func (r *rig) runElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	data, id := filepath.Join(t.TempDir(), "data"), nuid.Next()
	cmd := exec.Command(os.Args[0], id, r.server.ClientURL())
	cmd.Env = append(os.Environ(), supervisorRole+"="+data)
	cmd.Stderr = os.Stderr
	beats := r.beats(t, id)
	require.NoError(t, cmd.Start())
	e := &elsewhere{&watched{Supervisor: &Supervisor{id: id}, data: data, beats: beats}, cmd}
	t.Cleanup(func() {
		e.end(t, unix.SIGKILL)
		e.killWorkers()
	})
	return e
}

// killWorkers kills what a test that has failed has left.
func (e *elsewhere) killWorkers() {
	notes, _ := filepath.Glob(filepath.Join(e.data, workersDir, "*", processFile)) // the pattern is right
	for _, note := range notes {
		var c child
		if content, err := os.ReadFile(note); err == nil && json.Unmarshal(content, &c) == nil && c.lives() {
			c.signal(unix.SIGKILL)
		}
	}
}

// end ends the supervisor, and waits until it has ended.
func (e *elsewhere) end(t *testing.T, sig unix.Signal) {
	t.Helper()
	if e.cmd.ProcessState != nil {
		return
	}
	require.NoError(t, e.cmd.Process.Signal(sig))
	_ = e.cmd.Wait() // it was killed
}

func (e *elsewhere) successor(t *testing.T, r *rig) *watched {
	t.Helper()
	return r.run(t, func(o *Options) { o.Data = e.data })
}

func TestWorkersOfAKilledSupervisorAreAdopted(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGKILL, unix.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			r := sharedRig(t)
			former := r.runElsewhere(t)
			a := r.assign(t, former.Supervisor, "live")
			first := former.awaitWorker(t, a, "it runs", runs(1))
			former.end(t, sig)
			require.True(t, alive(first.PID))

			w := former.successor(t, r)
			require.Equal(t, former.ID(), w.ID())
			adopted := w.awaitWorker(t, a, "it runs on", runs(1))
			require.Equal(t, first.PID, adopted.PID)

			require.NoError(t, unix.Kill(first.PID, unix.SIGKILL))
			p := w.awaitWorker(t, a, "its second life runs", runs(2))
			require.Equal(t, unknownStatus, p.Crash.Reason)
		})
	}
}

func TestAdoptedWorkerThatIsNotWantedAnyMoreIsStopped(t *testing.T) {
	r := sharedRig(t)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "live")
	p := former.awaitWorker(t, a, "it runs", runs(1))
	former.end(t, unix.SIGKILL)
	r.remove(t, a)
	w := former.successor(t, r)
	w.awaitGone(t, a)
	eventually(t, "the worker has ended", func() bool { return !alive(p.PID) })
}

func TestEndThatNobodySawIsReported(t *testing.T) {
	r := sharedRig(t)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "live")
	p := former.awaitWorker(t, a, "it runs", runs(1))
	former.end(t, unix.SIGKILL)
	require.NoError(t, unix.Kill(p.PID, unix.SIGKILL))
	eventually(t, "the worker has ended", func() bool { return !alive(p.PID) })
	again := former.successor(t, r).awaitWorker(t, a, "its second life runs", runs(2))
	require.Equal(t, unseenEnd, again.Crash.Reason)
	require.Equal(t, uint64(1), again.Crash.Life)
}

func TestAdoptedHungWorkerIsKilled(t *testing.T) {
	r := sharedRig(t)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "live")
	p := former.awaitWorker(t, a, "it runs", runs(1))
	former.end(t, unix.SIGKILL)
	require.NoError(t, unix.Kill(p.PID, unix.SIGSTOP))
	w := r.run(t, func(o *Options) { o.Data, o.Timing.StartGrace = former.data, o.Timing.Beat })
	again := w.awaitWorker(t, a, "its second life runs", runs(2))
	require.Contains(t, again.Crash.Reason, "no sign of life for")
}

// A supervisor that is killed between the start of a process and the note of it leaves one that is in no file.
func TestProcessThatIsNotKnownIsEndedAndItsLifeIsNotUsedAgain(t *testing.T) {
	r := sharedRig(t)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "live")
	first := former.awaitWorker(t, a, "it runs", runs(1))
	former.end(t, unix.SIGKILL)
	require.NoError(t, os.Remove(filepath.Join(former.place(a), processFile)))
	w := former.successor(t, r)
	w.awaitWorker(t, a, "its second life runs", runs(2))
	require.False(t, alive(first.PID))
}

func TestProcessWithAReusedPIDIsNotAdopted(t *testing.T) {
	r := sharedRig(t)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "live")
	former.awaitWorker(t, a, "it runs", runs(1))
	former.end(t, unix.SIGKILL)
	note := filepath.Join(former.place(a), processFile)
	content, err := os.ReadFile(note)
	require.NoError(t, err)
	var c child
	require.NoError(t, json.Unmarshal(content, &c))
	other := exec.Command(os.Args[0])
	other.Env, other.SysProcAttr = []string{heldRole + "=1"}, &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		require.True(t, alive(other.Process.Pid), "a process that is none of its business was killed")
		require.NoError(t, other.Process.Kill())
		_ = other.Wait() // it was killed
	})
	c.PID = other.Process.Pid
	content, err = json.Marshal(c)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(note, content, 0o600))
	former.successor(t, r).awaitWorker(t, a, "its second life runs", runs(2))
}

func TestWithoutNATSWorkersGoOnAndAreStartedAgain(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, dir, -1)
	former := r.runElsewhere(t)
	a := r.assign(t, former.Supervisor, "live")
	first := former.awaitWorker(t, a, "it runs", runs(1))
	former.end(t, unix.SIGKILL)
	port := serverPort(t, r.server)
	r.server.Shutdown()
	r.server.WaitForShutdown()

	core, logged := observer.New(zap.InfoLevel)
	w := r.run(t, func(o *Options) { o.Data, o.Log = former.data, zap.New(core) })
	eventually(t, "the worker is adopted", func() bool { return logged.FilterMessage("adopted the worker's process").Len() > 0 })
	require.NoError(t, unix.Kill(first.PID, unix.SIGKILL))
	note := filepath.Join(w.place(a), lifeFile)
	eventually(t, "the second life was begun", func() bool {
		life, err := os.ReadFile(note)
		return err == nil && string(life) == "2\n"
	})
	r.server = startServer(t, dir, port)
	t.Cleanup(func() { w.end(); r.close() })
	second := w.awaitWorker(t, a, "the second life runs on", runs(2))
	require.True(t, alive(second.PID))
}

func TestTwoSupervisorsCanNotShareAFolder(t *testing.T) {
	data := t.TempDir()
	s, err := New(Options{Data: data})
	require.NoError(t, err)
	_, err = New(Options{Data: data})
	require.ErrorContains(t, err, "another supervisor uses the data folder")
	require.NoError(t, s.Close())
	again, err := New(Options{Data: data})
	require.NoError(t, err)
	require.Equal(t, s.ID(), again.ID())
	require.NoError(t, again.Close())
	require.NoError(t, cluster.CheckSupervisorID(again.ID()))
}
