package rig

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Patience is how long the rig waits for what must come; a machine under load may need long.
const Patience = 60 * time.Second

// Rig is the processes of one test. Its methods are for the test's goroutine.
type Rig struct {
	t    testing.TB
	dir  string
	mark string
	mu   struct {
		sync.Mutex
		processes []*Process
	}
}

// New returns a rig that ends with the test, and all its processes with it.
func New(t testing.TB) *Rig {
	t.Helper()
	r := &Rig{t: t, dir: t.TempDir(), mark: rand.Text()}
	leash, err := startReaper(r.mark)
	if err != nil {
		t.Fatalf("the process that cleans up could not be started: %v", err)
	}
	t.Cleanup(func() {
		if err := leash.letGo(); err != nil {
			t.Errorf("cleaning up: %v", err)
		}
		for _, p := range r.all() {
			<-p.over
		}
		if t.Failed() {
			r.printLogs()
		}
	})
	return r
}

// Dir returns a folder of the rig's own, which goes when the test ends.
func (r *Rig) Dir() string { return r.dir }

// Env returns the variables that a submitted program must have, so that its workers are known to be the rig's.
func (r *Rig) Env() map[string]string { return map[string]string{markVariable: r.mark} }

// PIDs returns all processes of the rig that there are, workers included, in ascending order.
func (r *Rig) PIDs() []int {
	r.t.Helper()
	pids, err := marked(r.mark)
	if err != nil {
		r.t.Fatalf("looking for the rig's processes: %v", err)
	}
	return pids
}

func (r *Rig) all() []*Process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Process(nil), r.mu.processes...)
}

// logTail is how much of each log is printed, in bytes.
const logTail = 6000

// printLogs prints the ends of all logs. Those of workers lie in the folders of supervisors, also for some time after the workers are gone.
func (r *Rig) printLogs() {
	var files []string
	for _, pattern := range []string{"*.log", "*/*/*/worker.log"} {
		found, _ := filepath.Glob(filepath.Join(r.dir, pattern)) // the patterns are right
		files = append(files, found...)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			text = []byte(err.Error())
		}
		name, _ := filepath.Rel(r.dir, f)
		r.t.Logf("%s:\n%s", name, text[max(0, len(text)-logTail):])
	}
}

// Await waits until ok, and fails the test when that takes longer than [Patience]. It is for what no event tells of.
func Await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !poll(ok) {
		t.Fatalf("within %v it did not come to this: %s", Patience, what)
	}
}

const pollPause = 20 * time.Millisecond

func poll(ok func() bool) bool {
	tick := time.NewTicker(pollPause)
	defer tick.Stop()
	for late := time.Now().Add(Patience); !ok(); <-tick.C {
		if time.Now().After(late) {
			return false
		}
	}
	return true
}

func must(t testing.TB, err error, format string, args ...any) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}
