package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/shirou/gopsutil/v4/process"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// adopt takes over the processes that run, and ends those that can't be. What is there of others stays until the
// assignments are known.
func (s *Supervisor) adopt(ctx context.Context) error {
	ids, err := s.places()
	if err != nil {
		return err
	}
	for _, id := range ids {
		o, c, err := s.find(id)
		if err != nil {
			s.log.Warn("the folder of a worker can't be used", zap.String("worker", id), zap.Error(err))
			continue
		}
		s.roster.remember(o)
		if c != nil {
			s.run(ctx, o, c)
		}
	}
	s.endStrays(func(worker string) bool { return s.runners[worker] == nil })
	return nil
}

// places returns the ids of the workers that have a folder.
func (s *Supervisor) places() (ids []string, err error) {
	entries, err := fs.ReadDir(s.folder.FS(), workersDir)
	if err != nil {
		return nil, fmt.Errorf("reading the data folder: %w", err)
	}
	for _, e := range entries {
		if cluster.CheckID(e.Name()) == nil {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

// find reads a worker's folder. c is its process, nil when it doesn't run.
func (s *Supervisor) find(id string) (o order, c *child, err error) {
	root, err := s.folder.OpenRoot(path.Join(workersDir, id))
	if err != nil {
		return o, nil, err
	}
	defer root.Close()
	if err := readJSON(root, orderFile, &o); err != nil {
		return o, nil, err
	}
	if err := errors.Join(cluster.CheckID(o.TopologyID), checkProgram(&o.Program)); err != nil || o.Worker != id {
		return o, nil, errors.Join(errors.New("its order is not its own"), err)
	}
	c = &child{adopted: true}
	if err := readJSON(root, processFile, c); err != nil || c.PID <= 1 || !c.lives() {
		return o, nil, removeIfThere(err)
	}
	return o, c, nil
}

// endStrays kills processes of workers of this folder that have no runner: of a supervisor that was killed before it could note what
// it had started, or descendants that have left their group. It may be called from any goroutine.
func (s *Supervisor) endStrays(of func(worker string) bool) {
	all, err := process.Processes()
	if err != nil {
		s.log.Warn("the machine's processes can't be listed", zap.Error(err))
		return
	}
	for _, p := range all {
		id := s.workerOf(p)
		if id == "" || !of(id) || int(p.Pid) == os.Getpid() {
			continue
		}
		s.log.Warn("killing a process that a worker has left behind", zap.Int32("pid", p.Pid), zap.String("worker", id))
		if err := unix.Kill(int(p.Pid), unix.SIGKILL); err != nil {
			s.log.Warn("it can't be killed", zap.Error(err))
		}
	}
}

// workerOf returns the worker of this folder that the process is, or is a descendant of; "" for none.
func (s *Supervisor) workerOf(p *process.Process) string {
	env, err := p.Environ()
	if err != nil {
		return ""
	}
	begin := cluster.FolderVariable + "=" + path.Join(s.folder.Name(), workersDir) + "/"
	for _, v := range env {
		if id, ok := strings.CutPrefix(v, begin); ok {
			return id
		}
	}
	return ""
}
