// Package postgrestest runs a Postgres server of the system's packages for a test: a folder of its own, a unix socket, and a random password.
//
//	s := postgrestest.Start(t)
//	... s.URL() ...
//	s.Kill()    // kill -9, of the server and of all its processes
//	s.Restart() // on the same folder
//
// A test is skipped where Postgres is not installed, or where nothing can run it: Postgres refuses to run as root, so a test that runs as root
// needs the user postgres, or nobody.
package postgrestest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// User is the role that [Server.URL] names, a superuser. Its database has the same name.
	User = "postgres"

	patience = 60 * time.Second
	port     = "5432" // of the socket's name: nothing listens on a port
)

// Server is a running server. Its methods are for the test's goroutine.
type Server struct {
	t        testing.TB
	binaries string // the folder of initdb and postgres
	folder   string
	password string
	run      *exec.Cmd
	output   *output
}

// Start starts a server and waits until it answers. It ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	binaries, err := find()
	if err != nil {
		t.Skip(err)
	}
	s := &Server{t: t, binaries: binaries, password: rand.Text()}
	s.folder, err = os.MkdirTemp("", "gale-postgres-") // not t.TempDir, which others may not enter, and whose path is too long for a socket
	s.must(err)
	t.Cleanup(func() { _ = os.RemoveAll(s.folder) })
	s.initialise()
	s.Restart()
	t.Cleanup(s.Kill)
	return s
}

// find finds the binaries in PATH, or where Debian and its kin put them.
func find() (folder string, err error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", fmt.Errorf("no Postgres: there is no initdb in PATH or /usr/lib/postgresql/*/bin (apt-get install postgresql)")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func (s *Server) initialise() {
	s.t.Helper()
	s.own()
	password := filepath.Join(s.folder, "password")
	s.must(os.WriteFile(password, []byte(s.password), 0o600))
	s.own("password")
	out, err := s.command("initdb", "-D", s.data(), "-U", User, "--pwfile="+password, "--auth=scram-sha-256", "-E", "UTF8", "--locale=C").CombinedOutput()
	if err != nil {
		s.t.Fatalf("initdb: %v\n%s", err, out)
	}
}

// Restart starts the server that was killed, on the same folder, and waits until it answers.
func (s *Server) Restart() {
	s.t.Helper()
	for end := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		if s.launch() {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("Postgres does not start:\n%s", s.output)
		}
	}
}

// launch reports whether the server got as far as to answer. It does not while processes of the one before are still ending.
func (s *Server) launch() bool {
	s.t.Helper()
	s.output = &output{ready: make(chan struct{})}
	s.run = s.command("postgres", "-D", s.data(), "-k", s.folder, "-p", port, "--listen_addresses=", "--max_connections=50", "--shared_buffers=16MB", "--deadlock_timeout=100ms")
	s.run.Stderr = s.output
	s.must(s.run.Start())
	ended := make(chan struct{})
	go func() {
		_ = s.run.Wait()
		close(ended)
	}()
	select {
	case <-s.output.ready:
		return true
	case <-ended:
		return false
	case <-time.After(patience):
		s.t.Fatalf("Postgres is not ready after %v:\n%s", patience, s.output)
		return false
	}
}

// Kill kills the server and its processes with SIGKILL, as the death of the machine would, but for what the kernel has still to write.
func (s *Server) Kill() {
	pid := s.run.Process.Pid
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // without /proc, they end by themselves when they see it
	if s.run.Process.Kill() != nil {
		return // it has ended
	}
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
}

// URL is where the server is, with a password.
func (s *Server) URL() string { return s.URLOf(User, s.password) }

// URLOf is where the server is, for another role.
func (s *Server) URLOf(user, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Path: "/postgres"}
	u.RawQuery = url.Values{"host": {s.folder}, "port": {port}}.Encode()
	return u.String()
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.binaries, name), args...)
	c.Dir = s.folder
	c.Env = append(os.Environ(), "LC_ALL=C")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		u, err := somebody()
		if err != nil {
			s.t.Skip(err)
		}
		c.SysProcAttr.Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid, NoSetGroups: true}
	}
	return c
}

// own gives a file in the folder, or the folder, to whom the server runs as.
func (s *Server) own(name ...string) {
	s.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	u, err := somebody()
	if err != nil {
		s.t.Skip(err)
	}
	s.must(os.Chown(filepath.Join(append([]string{s.folder}, name...)...), int(u.uid), int(u.gid)))
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// output is the server's log, and says when it is ready.
type output struct {
	ready chan struct{}
	mu    struct {
		sync.Mutex
		log  bytes.Buffer
		said bool
	}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.mu.said {
		o.mu.log.Write(p)
		if bytes.Contains(o.mu.log.Bytes(), []byte("is ready to accept connections")) {
			o.mu.said = true
			close(o.ready)
		}
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.log.String()
}
