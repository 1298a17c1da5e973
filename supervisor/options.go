package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v4/mem"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Options are the settings of a supervisor. Only Data is required.
type Options struct {
	ID           string            // matches [A-Za-z0-9][A-Za-z0-9_-]{0,63}; empty: the machine's name and four random characters, kept in Data
	Data         string            // the data folder, which is made if it is not there; of this supervisor alone
	Slots        int               // workers that Nimbus may place here, 1..1024; 0 is 4
	Memory       int               // MiB for all workers together; 0 is 80 % of the machine's
	CPU          int               // percent of a core for all workers together; 0 is all cores
	Labels       map[string]string // that topologies may ask for
	Access       cluster.Access    // to NATS, for the supervisor itself
	WorkerAccess *cluster.Access   // to NATS, for workers; without URL or CA: those of Access; without Credentials: from Nimbus, if Access has some; a certificate only from here
	HealthChecks string            // a folder of executables, each of which must exit with 0 in time and print no line that begins with ERROR, else Nimbus is told, after three rounds; empty for none
	StopWorkers  bool              // whether workers are stopped when Run ends; else they run on
	LogLimit     int64             // bytes of each log file of a worker; 0 is 16 MiB
	LogFiles     int               // log files that each worker keeps, 1..100; 0 is 5
	Timing       Timing            // tests shorten it
	Log          *zap.Logger       // nil for none
}

// Timing has the durations of a supervisor. 0 stands for the default, which is named.
type Timing struct {
	Beat          time.Duration // between beats: 1 s
	Read          time.Duration // between full reads of the assignments: 10 s
	StartGrace    time.Duration // for a process that was started or adopted to give its first sign of life: 10 s
	HangAfter     time.Duration // without a sign of life a worker is killed: 3 s
	StopGrace     time.Duration // between SIGTERM and SIGKILL: 3 s
	BackoffMin    time.Duration // before the second restart in a row, the first is at once; it doubles: 100 ms
	BackoffMax    time.Duration // between restarts at most: 10 s
	SteadyAfter   time.Duration // of life the next restart is at once again: 30 s
	KeepLogs      time.Duration // that logs of removed workers are kept: 10 min
	KeepPrograms  time.Duration // that programs nobody uses are kept: 10 min
	HealthEvery   time.Duration // between health checks: 10 s
	HealthTimeout time.Duration // of each health check: 5 s
}

// The defaults, and the limits of what can be set.
const (
	defaultSlots    = 4
	maxSlots        = 1024
	defaultLogLimit = 16 << 20
	minLogLimit     = 4 << 10
	defaultLogFiles = 5
	maxLogFiles     = 100
	maxLabels       = 64
)

// withDefaults fills what is not set in.
func (o Options) withDefaults() (Options, error) {
	orDefault(&o.Slots, defaultSlots)
	orDefault(&o.CPU, runtime.NumCPU()*100)
	orDefault(&o.LogLimit, defaultLogLimit)
	orDefault(&o.LogFiles, defaultLogFiles)
	o.Timing = o.Timing.withDefaults()
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Memory == 0 {
		m, err := mem.VirtualMemory()
		if err != nil {
			return o, fmt.Errorf("the machine's memory can't be found out, set it: %w", err)
		}
		o.Memory = max(1, int(m.Total/(1<<20)*8/10))
	}
	o.completeWorkerAccess()
	return o, o.makeAbsolute()
}

// completeWorkerAccess never gives workers the supervisor's own secrets.
func (o *Options) completeWorkerAccess() {
	var a cluster.Access
	if o.WorkerAccess != nil {
		a = *o.WorkerAccess
	}
	a.URL, a.CA = cmp.Or(a.URL, o.Access.URL), cmp.Or(a.CA, o.Access.CA)
	o.WorkerAccess = &a
}

// makeAbsolute makes the paths absolute: workers run in other folders.
func (o *Options) makeAbsolute() error {
	w := o.WorkerAccess
	for _, p := range []*string{&o.Data, &o.HealthChecks, &o.Access.CA, &w.Credentials, &w.CA, &w.Cert, &w.Key} {
		if *p == "" {
			continue
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return fmt.Errorf("the path %q: %w", *p, err)
		}
		*p = abs
	}
	return nil
}

func (t Timing) withDefaults() Timing {
	orDefault(&t.Beat, time.Second)
	orDefault(&t.Read, 10*time.Second)
	orDefault(&t.StartGrace, 10*time.Second)
	orDefault(&t.HangAfter, 3*time.Second)
	orDefault(&t.StopGrace, 3*time.Second)
	orDefault(&t.BackoffMin, 100*time.Millisecond)
	orDefault(&t.BackoffMax, 10*time.Second)
	orDefault(&t.SteadyAfter, 30*time.Second)
	orDefault(&t.KeepLogs, 10*time.Minute)
	orDefault(&t.KeepPrograms, 10*time.Minute)
	orDefault(&t.HealthEvery, 10*time.Second)
	orDefault(&t.HealthTimeout, 5*time.Second)
	return t
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// validate returns all that is wrong with options that were filled in.
func (o *Options) validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	check(o.Data != "", "no data folder is given")
	check(o.Slots >= 1 && o.Slots <= maxSlots, "slots is %d, must be in 1..%d", o.Slots, maxSlots)
	check(o.Memory >= 1 && o.Memory <= cluster.MaxMemory, "memory is %d MiB, must be in 1..%d", o.Memory, cluster.MaxMemory)
	check(o.CPU >= 1, "CPU is %d %%, must be at least 1", o.CPU)
	check(o.LogLimit >= minLogLimit, "the limit of log files is %d bytes, must be at least %d", o.LogLimit, minLogLimit)
	check(o.LogFiles >= 1 && o.LogFiles <= maxLogFiles, "log files is %d, must be in 1..%d", o.LogFiles, maxLogFiles)
	check(len(o.Labels) <= maxLabels, "there are %d labels, at most %d can be", len(o.Labels), maxLabels)
	check((o.WorkerAccess.Cert == "") == (o.WorkerAccess.Key == ""), "of the workers' certificate and its key only one is given")
	if o.ID != "" {
		if err := cluster.CheckSupervisorID(o.ID); err != nil {
			problems = append(problems, err)
		}
	}
	if err := o.Timing.validate(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (t *Timing) validate() error {
	for _, d := range []time.Duration{t.Beat, t.Read, t.StartGrace, t.HangAfter, t.StopGrace, t.BackoffMin, t.BackoffMax, t.SteadyAfter,
		t.KeepLogs, t.KeepPrograms, t.HealthEvery, t.HealthTimeout} {
		if d < 0 {
			return errors.New("a duration of Timing is below 0")
		}
	}
	return nil
}
