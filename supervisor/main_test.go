package supervisor

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// supervisorRole has the data folder of a supervisor that this program is to be, in place of tests.
const supervisorRole = "GALE_TEST_SUPERVISOR"

// heldRole marks a process that a worker of the tests has started.
const heldRole = "GALE_TEST_HELD"

// TestMain runs the tests, unless a supervisor has started this program as a worker, or a test as a supervisor.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(heldRole) != "":
		select {}
	case os.Getenv(cluster.SpecVariable) != "":
		beWorker()
	case os.Getenv(supervisorRole) != "":
		beSupervisor()
	default:
		os.Exit(test(m))
	}
}

func test(m *testing.M) int {
	code := m.Run()
	shutDown()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// beWorker does what the first argument says, in its first life; in later ones it lives.
func beWorker() {
	var spec cluster.WorkerSpec
	content, err := os.ReadFile(os.Getenv(cluster.SpecVariable))
	must(err)
	must(json.Unmarshal(content, &spec))
	f, err := os.OpenFile(spec.BeatFile, os.O_WRONLY|os.O_CREATE, 0o600)
	must(err)
	w := &testWorker{spec, f, 0}
	w.beat()
	if act := acts[os.Args[1]]; act != nil && spec.Life == 1 {
		act(w)
	}
	w.live()
}

// testWorker is a worker that does nothing but live or die.
type testWorker struct {
	spec cluster.WorkerSpec
	file *os.File
	n    uint64
}

var acts = map[string]func(*testWorker){
	"panic":    func(*testWorker) { fmt.Println("about to"); panic("the moon is full") },
	"exit0":    func(*testWorker) { os.Exit(0) },
	"over":     func(w *testWorker) { w.n = cluster.BeatOver - 1; w.beat(); os.Exit(7) },
	"hang":     func(w *testWorker) { w.beat(); must(unix.Kill(os.Getpid(), unix.SIGSTOP)) },
	"eat":      eat,
	"stubborn": beStubborn,
	"escape":   escape,
	"log":      logLines,
}

func (w *testWorker) beat() {
	w.n++
	var sign [8]byte
	binary.LittleEndian.PutUint64(sign[:], w.n)
	_, err := w.file.WriteAt(sign[:], 0)
	must(err)
}

func (w *testWorker) live() {
	for range time.Tick(50 * time.Millisecond) {
		w.beat()
	}
}

// eat uses more and more memory.
func eat(w *testWorker) {
	var eaten [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = byte(i)
		}
		eaten = append(eaten, b)
		w.beat()
		fmt.Println("ate", len(eaten))
		if len(eaten) == 4096 {
			panic("nobody has stopped me")
		}
	}
}

// beStubborn does not end when it is asked to, and has a child that doesn't either.
func beStubborn(w *testWorker) {
	signal.Ignore(unix.SIGTERM)
	hold(&syscall.SysProcAttr{})
	w.live()
}

// escape has a child that leaves the group, and has what a worker's children have of its environment.
func escape(*testWorker) {
	must(os.Unsetenv(cluster.SpecVariable))
	hold(&syscall.SysProcAttr{Setsid: true})
}

// hold starts a process that does not end by itself.
func hold(attributes *syscall.SysProcAttr) {
	held := exec.Command(os.Args[0])
	held.Env, held.SysProcAttr = append(os.Environ(), heldRole+"=1"), attributes
	must(held.Start())
	must(os.WriteFile("held.part", []byte(strconv.Itoa(held.Process.Pid)), 0o600))
	must(os.Rename("held.part", "held"))
}

func logLines(*testWorker) {
	fmt.Println(`2026-01-01T00:00:00Z	INFO	opened	{"component": "count", "n": 1}`)
	fmt.Println(`{"level":"info","msg":"opened","component":"count","n":2}`)
	fmt.Println(`{"level":"info","msg":"opened","component":"counter","n":3}`)
	fmt.Println("done")
}

func beSupervisor() {
	s, err := New(Options{Data: os.Getenv(supervisorRole), ID: os.Args[1], Access: cluster.Access{URL: os.Args[2]}})
	must(err)
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	must(s.Run(ctx))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, filepath.Base(os.Args[0]), err)
		os.Exit(3)
	}
}
