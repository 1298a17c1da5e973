package supervisor

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// payloads are names that lead out of folders where they are trusted (S-01).
func payloads() (all []string) {
	for _, up := range []string{"../", "..\\", "%2e%2e%2f", "%252e%252e%252f", "..%c0%af", "‥/", "．．/", "....//", "/../", "./../"} {
		for _, file := range []string{"id", "etc/passwd", "workers", "secret", "lock"} {
			for n := 1; n <= 4; n++ {
				all = append(all, strings.Repeat(up, n)+file)
			}
		}
	}
	return append(all, "", ".", "..", "/", "/etc/passwd", "a/b", "a\x00b", "\x00", "secret", "~", "-rf", "$(id)", "`id`", "a;id", "a|id",
		"a\nb", strings.Repeat("a", 300), strings.Repeat("../", 100), "a b", "é", "file:///etc/passwd")
}

func TestNamesDoNotLeadOutOfTheFolderOfALogRequest(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "live")
	w.awaitWorker(t, a, "it runs", runs(1))
	// A worker may put what it likes into the folder of workers: it runs as the same user.
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("hidden\n"), 0o600))
	require.NoError(t, os.Symlink(filepath.Dir(secret), filepath.Join(w.data, workersDir, "linked")))
	require.Greater(t, len(payloads()), 200)
	for _, name := range append(payloads(), "linked") {
		for _, request := range []cluster.LogsRequest{
			{TopologyID: name, Worker: workerOf(a)}, {TopologyID: a.ID, Worker: name}, {TopologyID: name, Worker: name},
		} {
			_, refused := r.logs(t, w.Supervisor, request)
			require.NotNil(t, refused, "%+v", request)
			require.NotContains(t, refused.Message, w.data)
			require.NotContains(t, refused.Message, "goroutine")
		}
	}
	_, refused := r.logs(t, w.Supervisor, cluster.LogsRequest{TopologyID: a.ID, Worker: workerOf(a), From: "../../x"})
	require.Equal(t, cluster.Invalid, refused.Code)
}

func TestLogThatIsALinkIsNotRead(t *testing.T) {
	for _, what := range []string{"outside", "inside", "pipe"} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			root, err := os.OpenRoot(dir)
			require.NoError(t, err)
			defer root.Close()
			require.NoError(t, root.WriteFile(credsFile, []byte("secret\n"), 0o600))
			switch what {
			case "outside":
				require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, logFile)))
			case "inside":
				require.NoError(t, os.Symlink(credsFile, filepath.Join(dir, logFile)))
			case "pipe":
				require.NoError(t, unix.Mkfifo(filepath.Join(dir, logFile), 0o600))
			}
			_, err = openLogbook(root, 3, 1000, false)
			require.Error(t, err)
		})
	}
}

func TestNamesOfAnAssignmentDoNotBecomeFiles(t *testing.T) {
	good := assignment("self", someProgram)
	for _, name := range payloads() {
		for what, harm := range map[string]func(*cluster.Assignment){
			"topology": func(a *cluster.Assignment) { a.Topology = name },
			"id":       func(a *cluster.Assignment) { a.ID = name },
			"worker":   func(a *cluster.Assignment) { a.Current.Workers[0].ID = name },
			"next": func(a *cluster.Assignment) {
				a.Next = &cluster.Generation{Program: cluster.Program{Digest: name, Size: 1}}
			},
			"digest": func(a *cluster.Assignment) { a.Current.Program.Digest = name },
		} {
			a := *good
			g := *good.Current
			g.Workers = []cluster.Worker{good.Current.Workers[0]}
			a.Current = &g
			harm(&a)
			if what == "topology" && name == "secret" || what == "id" && name == "secret" || what == "worker" && name == "secret" {
				continue // these are names that may be
			}
			r := newRoster("self")
			require.Error(t, put(t, r, 1, &a), "%s %q", what, name)
			require.Empty(t, r.orders())
		}
	}
}

func TestBadRecordsDoNotStopTheOthers(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	for i, record := range []string{"", "{", "null", "[]", `{"topology":"../x"}`, strings.Repeat("[", 10_000)} {
		key := fmt.Sprintf("%sbad%d", cluster.AssignmentPrefix, i)
		_, err := r.store.KV().Put(t.Context(), key, []byte(record))
		require.NoError(t, err)
		defer r.store.KV().Purge(t.Context(), key) //nolint:errcheck
	}
	a := r.assign(t, w.Supervisor, "live")
	w.awaitWorker(t, a, "it runs", runs(1))
}

// secretText must be in no argument and no environment (S-02).
const secretText = "SECRET-5f3a"

func TestProcessesAreGivenNoSecretsAndNoShell(t *testing.T) {
	t.Setenv("GALE_TOKEN", secretText)
	r := sharedRig(t)
	asked := make(chan cluster.CredentialsRequest, 100)
	sub, err := r.nc.Subscribe(cluster.APISubject(cluster.VerbCredentials), func(m *nats.Msg) {
		var request cluster.CredentialsRequest
		if json.Unmarshal(m.Data, &request) == nil {
			asked <- request
		}
		answer, _ := json.Marshal(cluster.CredentialsResponse{Credentials: secretText, State: secretText + " of state"})
		_ = m.Respond(answer)
	})
	require.NoError(t, err)
	defer sub.Unsubscribe() //nolint:errcheck
	w := r.run(t, func(o *Options) { o.Access.Credentials = someCredentials(t) })
	program := r.program
	program.Args = []string{"live", "$(id)", "`id`", "a;id", "a|id", "*"}
	a := assignment(w.ID(), program)
	a.Epoch = r.writer.Epoch()
	r.write(t, a)
	p := w.awaitWorker(t, a, "it runs", runs(1))

	argv, err := (&process.Process{Pid: int32(p.PID)}).CmdlineSlice()
	require.NoError(t, err)
	require.Equal(t, append([]string{filepath.Join(w.data, programsDir, program.Digest)}, program.Args...), argv)
	require.NotContains(t, strings.Join(environ(t, p.PID), "\n"), secretText)
	require.Contains(t, environ(t, p.PID), cluster.SpecVariable+"="+filepath.Join(w.place(a), specFile))
	parent, err := (&process.Process{Pid: int32(p.PID)}).Ppid()
	require.NoError(t, err)
	require.Equal(t, int32(os.Getpid()), parent, "nothing is between the supervisor and the program")

	var spec cluster.WorkerSpec
	content, err := os.ReadFile(filepath.Join(w.place(a), specFile))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &spec))
	require.Equal(t, filepath.Join(w.place(a), credsFile), spec.Access.Credentials)
	credentials, err := os.ReadFile(spec.Access.Credentials)
	require.NoError(t, err)
	require.Equal(t, secretText, string(credentials))
	state := readState(t, environ(t, p.PID))
	require.Equal(t, cluster.StateAccess{URL: r.server.ClientURL(), Credentials: filepath.Join(w.place(a), stateCreds), Inbox: cluster.WorkerInbox(workerOf(a))}, state)
	credentials, err = os.ReadFile(state.Credentials)
	require.NoError(t, err)
	require.Equal(t, secretText+" of state", string(credentials))
	require.Equal(t, cluster.CredentialsRequest{TopologyID: a.ID, Worker: workerOf(a)}, <-asked)
}

// readState reads the file, which is private, that an environment names.
func readState(t *testing.T, env []string) (a cluster.StateAccess) {
	t.Helper()
	file := ""
	for _, v := range env {
		if name, value, _ := strings.Cut(v, "="); name == cluster.StateVariable {
			file = value
		}
	}
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &a))
	return a
}

// Where NATS is another's, workers have what they were given, and their state is kept with the same. A topology's own variables don't say where.
func TestStateIsReachedAsWorkersReachNATS(t *testing.T) {
	r := sharedRig(t)
	access := cluster.Access{URL: r.server.ClientURL(), Credentials: someCredentials(t)}
	w := r.run(t, func(o *Options) { o.WorkerAccess = &access })
	program := r.program
	program.Args, program.Env = []string{"live"}, map[string]string{cluster.StateVariable: "memory:"}
	a := assignment(w.ID(), program)
	a.Epoch = r.writer.Epoch()
	r.write(t, a)
	p := w.awaitWorker(t, a, "it runs", runs(1))
	require.Equal(t, cluster.StateAccess{URL: access.URL, Credentials: access.Credentials}, readState(t, environ(t, p.PID)))
}

func TestStateWithoutCredentialsIsNotKeptWithThoseOfTheWorker(t *testing.T) {
	r := sharedRig(t)
	answers := make(chan string, 2)
	answers <- `{"credentials":"fresh"}`
	answers <- `{"credentials":"fresher","state":"key"}`
	sub, err := r.nc.Subscribe(cluster.APISubject(cluster.VerbCredentials), func(m *nats.Msg) { _ = m.Respond([]byte(<-answers)) })
	require.NoError(t, err)
	defer sub.Unsubscribe() //nolint:errcheck
	w := r.run(t, func(o *Options) { o.Access.Credentials = someCredentials(t) })
	a := r.assign(t, w.Supervisor, "live")
	p := w.awaitWorker(t, a, "it runs", runs(1))
	require.Equal(t, cluster.StateAccess{URL: r.server.ClientURL()}, readState(t, environ(t, p.PID)))

	require.NoError(t, unix.Kill(p.PID, unix.SIGKILL))
	p = w.awaitWorker(t, a, "its second life runs", runs(2))
	require.NotEmpty(t, readState(t, environ(t, p.PID)).Credentials, "Nimbus has the key by now")
}

func TestWorkerWaitsForItsCredentials(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, func(o *Options) { o.Access.Credentials = someCredentials(t) })
	a := r.assign(t, w.Supervisor, "live")
	p := w.awaitWorker(t, a, "it can't be started", func(p *cluster.Process) bool { return p.Error != "" })
	require.Equal(t, string(fetching), p.State)
	require.Contains(t, p.Error, "getting the worker's credentials from Nimbus: no Nimbus leads")

	sub, err := r.nc.Subscribe(cluster.APISubject(cluster.VerbCredentials), func(m *nats.Msg) {
		answer, _ := json.Marshal(cluster.Errorf(cluster.NotFound, "there is no such worker"))
		_ = m.Respond(answer)
	})
	require.NoError(t, err)
	w.awaitWorker(t, a, "Nimbus refuses", func(p *cluster.Process) bool { return strings.Contains(p.Error, "there is no such worker") })
	require.NoError(t, sub.Unsubscribe())
	sub, err = r.nc.Subscribe(cluster.APISubject(cluster.VerbCredentials), func(m *nats.Msg) {
		_ = m.Respond([]byte(`{"credentials":"fresh"}`))
	})
	require.NoError(t, err)
	defer sub.Unsubscribe() //nolint:errcheck
	w.awaitWorker(t, a, "it runs", runs(1))
}

// someCredentials returns a credentials file that a server which asks for none takes.
func someCredentials(t *testing.T) string {
	t.Helper()
	user, err := nkeys.CreateUser()
	require.NoError(t, err)
	seed, err := user.Seed()
	require.NoError(t, err)
	id, err := user.PublicKey()
	require.NoError(t, err)
	account, err := nkeys.CreateAccount()
	require.NoError(t, err)
	token, err := jwt.NewUserClaims(id).Encode(account)
	require.NoError(t, err)
	content, err := jwt.FormatUserConfig(token, seed)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "own.creds")
	require.NoError(t, os.WriteFile(name, content, 0o600))
	return name
}

// A careless umask opens nothing (S-15).
func TestDataFolderIsClosedToOthers(t *testing.T) {
	old := unix.Umask(0)
	defer unix.Umask(old)
	r := sharedRig(t)
	data := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(data, 0o755))
	w := r.run(t, func(o *Options) { o.Data = data })
	program := r.program
	program.Args, program.Config = []string{"panic"}, "workers: 1\n"
	a := assignment(w.ID(), program)
	a.Epoch = r.writer.Epoch()
	r.write(t, a)
	w.awaitWorker(t, a, "its second life runs", runs(2))
	removed := r.assign(t, w.Supervisor, "live")
	w.awaitWorker(t, removed, "it runs", runs(1))
	r.remove(t, removed)
	w.awaitGone(t, removed)
	files := 0
	require.NoError(t, filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // a part that has its name by now
		}
		require.NoError(t, err)
		info, err := e.Info()
		if err == nil {
			require.Zero(t, info.Mode().Perm()&0o077, path)
			files++
		}
		return nil
	}))
	require.Greater(t, files, 10)
}

func TestIllnessIsThreeFailuresInARow(t *testing.T) {
	good, bad := verdict{healthy: true}, verdict{said: "check: took longer than 5s"}
	h := health{verdict: good}
	for _, v := range []verdict{bad, bad, good, bad, bad} {
		h.hear(v)
		require.Equal(t, good, h.verdict)
	}
	h.hear(bad)
	require.Equal(t, bad, h.verdict)
	h.hear(good)
	require.Equal(t, good, h.verdict)
}

func TestHealthChecks(t *testing.T) {
	long, err := exec.LookPath("sleep")
	require.NoError(t, err)
	for name, c := range map[string]struct{ script, want string }{
		"fine":      {"#!/bin/sh\necho all is well, no ERROR\n", ""},
		"says so":   {"#!/bin/sh\necho one\necho ERROR two\necho three\n", "check: ERROR two"},
		"status":    {"#!/bin/sh\necho broken\nexit 3\n", "check: exit status 3: broken"},
		"too long":  {"#!/bin/sh\n" + long + " 600\n", "check: took longer than 1s"},
		"no script": {"nothing\n", "check: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "check"), []byte(c.script), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not executable"), 0o600))
			timeout := deadline
			if name == "too long" {
				timeout = 1e9
			}
			v := judge(t.Context(), dir, timeout)
			require.Equal(t, c.want == "", v.healthy)
			require.True(t, strings.HasPrefix(v.said, c.want), v.said)
		})
	}
	require.False(t, judge(t.Context(), "/nowhere/at/all", deadline).healthy)
}

func TestOptionsSayAllThatIsWrong(t *testing.T) {
	_, err := New(Options{ID: "../x", Data: t.TempDir(), Slots: -1, Memory: -5, LogFiles: 1000, Timing: Timing{Beat: -1}})
	for _, what := range []string{`"../x" is no id`, "slots is -1", "memory is -5", "log files is 1000", "duration of Timing"} {
		require.ErrorContains(t, err, what)
	}
	_, err = New(Options{})
	require.ErrorContains(t, err, "no data folder")
}
