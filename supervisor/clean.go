package supervisor

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Bounds of what is kept of removed workers, beyond which the oldest goes first.
const (
	keptWorkers = 64
	keptBytes   = 256 << 20
)

// discard removes the folder of a worker, but for its logs, which are kept for a while.
func (s *Supervisor) discard(id string) {
	if err := s.keepLogs(id); err != nil {
		s.log.Warn("removing the folder of a worker", zap.String("worker", id), zap.Error(err))
	}
	s.cleanKept(time.Now())
}

func (s *Supervisor) keepLogs(id string) error {
	from, to := path.Join(workersDir, id), path.Join(keptDir, id)
	if err := s.folder.RemoveAll(to); err != nil {
		return err
	}
	if err := s.folder.Mkdir(to, 0o700); err != nil {
		return err
	}
	names := []string{orderFile}
	for i := range s.options.LogFiles {
		names = append(names, logName(i))
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, removeIfThere(s.folder.Rename(path.Join(from, name), path.Join(to, name))))
	}
	errs = append(errs, s.folder.Rename(from, path.Join(trashDir, id+"."+nuid.Next())))
	select {
	case s.rubbish <- struct{}{}:
	default:
	}
	return errors.Join(errs...)
}

// emptyTrash removes what is in the trash whenever there is something new, until ctx is done. It is not done by who throws things
// away: a worker can leave more than can be removed between two beats.
func (s *Supervisor) emptyTrash(ctx context.Context) {
	for {
		entries, err := fs.ReadDir(s.folder.FS(), trashDir)
		for _, e := range entries {
			err = errors.Join(err, s.folder.RemoveAll(path.Join(trashDir, e.Name())))
		}
		if err != nil {
			s.log.Warn("removing the folders of workers", zap.Error(err))
		}
		select {
		case <-s.rubbish:
		case <-ctx.Done():
			return
		}
	}
}

// clean removes what nobody needs: folders that nobody wants, programs that nobody uses, logs that are too old.
func (s *Supervisor) clean() {
	now := time.Now()
	s.cleanKept(now)
	if !s.roster.whole {
		return
	}
	orders := s.roster.orders()
	s.cleanPlaces(orders)
	inUse := map[string]bool{}
	for _, o := range orders {
		inUse[o.Program.Digest] = true
	}
	for _, r := range s.runners {
		inUse[r.order.Program.Digest] = true
	}
	if err := s.programs.clean(now, inUse, s.options.Timing.KeepPrograms); err != nil {
		s.log.Warn("removing programs", zap.Error(err))
	}
}

// cleanPlaces removes folders that a former supervisor has left.
func (s *Supervisor) cleanPlaces(orders map[string]order) {
	ids, err := s.places()
	if err != nil {
		s.log.Warn("cleaning", zap.Error(err))
		return
	}
	for _, id := range ids {
		if _, wanted := orders[id]; !wanted && s.runners[id] == nil {
			s.discard(id)
		}
	}
}

// kept is what is there of a removed worker.
type kept struct {
	id    string
	since time.Time
	bytes int64
}

// cleanKept removes logs that are too old or too many.
func (s *Supervisor) cleanKept(now time.Time) {
	all, err := s.kept()
	if err != nil {
		s.log.Warn("cleaning the logs of removed workers", zap.Error(err))
		return
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.id, b.id)) })
	var bytes int64
	for i, k := range all {
		bytes += k.bytes
		if i < keptWorkers && bytes <= keptBytes && now.Sub(k.since) < s.options.Timing.KeepLogs {
			continue
		}
		if err := s.folder.RemoveAll(path.Join(keptDir, k.id)); err != nil {
			s.log.Warn("removing logs", zap.String("worker", k.id), zap.Error(err))
		}
	}
}

func (s *Supervisor) kept() ([]kept, error) {
	entries, err := fs.ReadDir(s.folder.FS(), keptDir)
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || cluster.CheckID(e.Name()) != nil {
			continue
		}
		all = append(all, kept{e.Name(), info.ModTime(), s.size(path.Join(keptDir, e.Name()))})
	}
	return all, nil
}

// size returns how many bytes the files of a folder have.
func (s *Supervisor) size(dir string) (bytes int64) {
	_ = fs.WalkDir(s.folder.FS(), dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what can't be read is not counted
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
