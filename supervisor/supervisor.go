package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Supervisor runs the workers that assignments name it for.
type Supervisor struct {
	options  Options
	id       string
	log      *zap.Logger
	folder   *folder
	remote   remote
	programs *programs
	closing  sync.Once
	changed  chan struct{} // has a value when a beat is due at once
	rubbish  chan struct{} // has a value when there is something new in the trash

	// Of Run's goroutine alone.
	roster  *roster
	runners map[string]*runner         // by worker
	broken  map[string]cluster.Process // workers that have no runner, as their folder can't be used
	refused map[string]string          // what was logged of records that were refused, by key
	health  health
	host    cluster.Host
	leaving bool
}

// New checks the options and opens and locks the data folder. An error lists all that is wrong with the options, or says that
// another supervisor uses the folder.
func New(o Options) (*Supervisor, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("the supervisor's options are wrong: %w", err)
	}
	f, err := openFolder(o.Data)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{options: o, log: o.Log, folder: f, changed: make(chan struct{}, 1), rubbish: make(chan struct{}, 1),
		runners: map[string]*runner{}, broken: map[string]cluster.Process{}, refused: map[string]string{}, health: health{verdict: verdict{healthy: true}}}
	if err := s.open(); err != nil {
		_ = f.Close() // that it could not be opened is what matters
		return nil, err
	}
	return s, nil
}

func (s *Supervisor) open() error {
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("the machine's name: %w", err)
	}
	if s.id, err = s.folder.identify(s.options.ID, name); err != nil {
		return err
	}
	root, err := s.folder.OpenRoot(programsDir)
	if err != nil {
		return err
	}
	s.programs = newPrograms(root, s.remote.programStore)
	s.roster = newRoster(s.id)
	o := &s.options
	s.host = cluster.Host{ID: s.id, Host: name, PID: os.Getpid(), OS: runtime.GOOS, Arch: runtime.GOARCH, Slots: o.Slots, Memory: o.Memory,
		CPU: o.CPU, Labels: o.Labels, Gale: version(), Started: time.Now()}
	return nil
}

// ID returns the supervisor's id.
func (s *Supervisor) ID() string { return s.id }

// Close unlocks the data folder of a supervisor that isn't run. Run calls it when it ends. It may be called more than once.
func (s *Supervisor) Close() error {
	var err error
	s.closing.Do(func() { err = errors.Join(s.programs.root.Close(), s.folder.Close()) })
	return err
}

// Run supervises until ctx is done, which is no error. Then workers are left running for the next supervisor of the data
// folder, unless Options.StopWorkers is set. It returns an error when NATS refuses the supervisor, but not while NATS
// can't be reached, which it waits for. It is called once.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.Close() //nolint:errcheck // nothing is written by closing
	if s.options.Access.Cert != "" && s.options.WorkerAccess.Cert == "" {
		s.log.Warn("workers are given no certificate for NATS, though the supervisor has one; a server that asks for it will refuse them")
	}
	// Runners outlast ctx: they may have to stop their workers after it is done.
	running, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	if err := s.adopt(running); err != nil {
		return err
	}
	serving, end := context.WithCancel(ctx)
	records, verdicts, failed := make(chan news), make(chan verdict), make(chan error, 1)
	var services sync.WaitGroup
	services.Go(func() { failed <- s.serve(serving, records) })
	services.Go(func() { s.emptyTrash(serving) })
	services.Go(func() { s.checkHealth(serving, verdicts) })
	err := s.loop(serving, running, records, verdicts, failed)
	s.end(leave)
	end()
	services.Wait()
	s.remote.close()
	return err
}

// serve connects, and then does what needs the connection, until ctx is done.
func (s *Supervisor) serve(ctx context.Context, records chan<- news) error {
	if err := s.remote.connect(ctx, s.options.Access, "gale-supervisor-"+s.id, s.log); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	s.wake()
	w := &watcher{conn: s.remote.conn, anew: s.options.Timing.Read, out: records, log: s.log}
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { w.run(ctx) })
	return s.serveLogs(ctx)
}

// cleanEvery is how often the data folder is looked through for what nobody needs any more.
const cleanEvery = 30 * time.Second

// loop owns which workers there should be.
func (s *Supervisor) loop(ctx, running context.Context, records <-chan news, verdicts <-chan verdict, failed <-chan error) error {
	beat, clean := time.NewTicker(s.options.Timing.Beat), time.NewTicker(min(cleanEvery, s.options.Timing.KeepLogs))
	defer beat.Stop()
	defer clean.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			if err != nil {
				return err
			}
			failed = nil
		case n := <-records:
			s.learn(n)
			s.reconcile(running)
		case v := <-verdicts:
			s.health.hear(v)
			s.beat()
		case <-s.changed:
			s.reconcile(running)
			s.beat()
		case <-beat.C:
			s.reconcile(running)
			s.beat()
		case <-clean.C:
			s.clean()
		}
	}
}

// end ends the runners, with or without their workers.
func (s *Supervisor) end(leave context.CancelFunc) {
	if s.options.StopWorkers {
		s.leaving = true
		s.beat()
		for _, r := range s.runners {
			r.stop()
		}
		s.await(s.options.Timing.StopGrace + stopMargin)
	}
	leave()
	s.await(0)
	s.beat()
}

// stopMargin is how long killed workers are waited for.
const stopMargin = 10 * time.Second

// await waits for all runners, not longer than the limit, if it is above 0.
func (s *Supervisor) await(limit time.Duration) {
	var late <-chan time.Time
	if limit > 0 {
		late = time.After(limit)
	}
	for id, r := range s.runners {
		select {
		case <-r.done:
		case <-late:
			s.log.Error("a worker could not be stopped in time, it is left behind", zap.String("worker", id))
			return
		}
	}
}

// wake has a beat sent and the runners looked at, at once. It may be called from any goroutine.
func (s *Supervisor) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
