package supervisor

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

func TestBeatLeavesDetailsOutRatherThanNotBeSent(t *testing.T) {
	crash := &cluster.Crash{Worker: "w", Life: 3, Reason: "exit status 2", Panic: strings.Repeat("p", panicBytes)}
	var b cluster.Beat
	for range 10 {
		b.Processes = append(b.Processes, cluster.Process{Crash: crash})
	}
	message, err := encodeBeat(&b)
	require.NoError(t, err)
	require.Contains(t, string(message), crash.Panic)

	for range 100 {
		b.Processes = append(b.Processes, cluster.Process{Crash: crash})
	}
	message, err = encodeBeat(&b)
	require.NoError(t, err)
	require.LessOrEqual(t, len(message), maxBeat)
	var told cluster.Beat
	require.NoError(t, json.Unmarshal(message, &told))
	require.Equal(t, "exit status 2", told.Processes[109].Crash.Reason)
	require.NotEmpty(t, crash.Panic, "what is kept is not changed")
}

func TestCrashIsNewsForAWhile(t *testing.T) {
	now := time.Now()
	r := &runner{}
	r.mu.process.Crash = &cluster.Crash{At: now}
	require.NotNil(t, r.process(now.Add(crashIsNews-1)).Crash)
	require.Nil(t, r.process(now.Add(crashIsNews)).Crash)
}

func TestBeatSaysWhoItIs(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, func(o *Options) { o.ID, o.Slots, o.Labels = "rack-7", 9, map[string]string{"gpu": "true"} })
	b := w.await(t, "anything", func(*cluster.Beat) bool { return true })
	require.Equal(t, "rack-7", b.ID)
	require.Equal(t, 9, b.Slots)
	require.Equal(t, "true", b.Labels["gpu"])
	require.True(t, b.Healthy)
	require.Positive(t, b.Memory)
	require.Positive(t, b.CPU)
	require.Equal(t, os.Getpid(), b.PID)
	require.NotEmpty(t, b.Gale)
}

func TestOldCredentialsDoWithoutNimbus(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	p, o := &place{root}, &order{TopologyID: "t", Worker: "w"}
	away := func() (*nats.Conn, error) { return nil, errNotConnected }
	require.ErrorIs(t, p.haveCredentials(context.Background(), away, o), errNotConnected)
	require.NoError(t, writeFile(root, credsFile, []byte("old")))
	old := time.Now().Add(-2 * credentialsAge)
	require.NoError(t, root.Chtimes(credsFile, old, old))
	require.NoError(t, p.haveCredentials(context.Background(), away, o))
	text, err := readSmall(root, credsFile, credentialsLimit)
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
	require.NoError(t, root.Chtimes(credsFile, time.Now(), time.Now()))
	require.NoError(t, writeFile(root, stateCreds, []byte("old")))
	require.NoError(t, p.haveCredentials(context.Background(), func() (*nats.Conn, error) { panic("they are fresh") }, o))
}

func TestLogThatNobodyRotatedIsRotatedBeforeAStart(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	p := &place{root}
	for _, text := range []string{"first", "second", "third", "fourth"} {
		f, err := p.openLog(4, 3)
		require.NoError(t, err)
		_, err = f.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	for i, want := range []string{"fourth", "third", "second"} {
		text, err := readSmall(root, logName(i), 100)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	_, err = root.Lstat(logName(3))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Where NATS asks for certificates, workers have their own, and never the supervisor's.
func TestWorkersAreGivenTheirCertificate(t *testing.T) {
	access := cluster.Access{URL: "nats://10.0.0.1:4222", CA: "/ca.pem", Cert: "/daemon.pem", Key: "/daemon.key"}
	for want, given := range map[cluster.Access]*cluster.Access{
		{URL: access.URL, CA: access.CA}:                                              nil,
		{URL: access.URL, CA: access.CA, Cert: "/worker.pem", Key: "/worker.key"}:     {Cert: "/worker.pem", Key: "/worker.key"},
		{URL: "nats://10.0.0.2:4222", CA: "/other.pem", Credentials: "/worker.creds"}: {URL: "nats://10.0.0.2:4222", CA: "/other.pem", Credentials: "/worker.creds"},
	} {
		s, err := New(Options{Data: t.TempDir(), Access: access, WorkerAccess: given})
		require.NoError(t, err)
		require.Equal(t, want, s.workerAccess(nil))
		require.NoError(t, s.Close())
	}
	_, err := New(Options{Data: t.TempDir(), WorkerAccess: &cluster.Access{Cert: "/worker.pem"}})
	require.ErrorContains(t, err, "only one is given")
}
