package trident

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/commit"
	"github.com/galestream/gale/trident/state"
)

// statePart is a task's part of a state.
type statePart struct {
	t    *stageTask
	spec *stateSpec
	part *state.Partition
	kept state.Store

	recovered bool
	whole     uint64 // the last batch that has ended here: a later one has an overlay, perhaps, but not all of it
}

func (t *stageTask) openState(s *stateSpec) (*statePart, error) {
	store, err := t.openStore(s)
	if err != nil {
		return nil, err
	}
	part, err := state.OpenPartition(state.Options{
		Name: s.name, Index: t.tc.Index, Partitions: t.tasks(), Log: t.log, Store: store, Commit: commit.DecodeNames, TTL: s.ttl,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &statePart{t: t, spec: s, part: part, kept: store}, nil
}

func (t *stageTask) openStore(s *stateSpec) (state.Store, error) {
	if !s.disk {
		return state.Memory(), nil
	}
	folder := filepath.Join(filesFolder(), t.tc.Topology)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("state %q: %w", s.name, err)
	}
	file := fmt.Sprintf("%s-%d-of-%d.db", s.name, t.tc.Index, t.tasks())
	return state.OpenDisk(filepath.Join(folder, file), state.Identity{Topology: t.tc.Topology, State: s.name, Partition: t.tc.Index, Partitions: t.tasks()})
}

// workerFolder is the environment's variable that names a worker's folder in a cluster.
const workerFolder = "GALE_WORKER_FOLDER"

// filesFolder is where states that are kept on disk have their files: in the worker's folder, beside a log that is kept in a folder, or else among the
// files of this process that the system may remove.
func filesFolder() string {
	if folder := os.Getenv(workerFolder); folder != "" {
		return filepath.Join(folder, "state")
	}
	if folder, ok := strings.CutPrefix(os.Getenv(changelog.Variable), "folder:"); ok {
		return filepath.Join(folder, "files")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("gale-state-%d", os.Getpid()))
}

// settle brings the part to where an attempt begins.
func (p *statePart) settle(ctx context.Context, b *packet) error {
	committed := b.from - 1
	if p.recovered && (p.part.TxID() == committed || p.fold(committed, b.last, b.commit) == nil) {
		p.part.Abort()
		p.whole = p.part.TxID()
		return nil
	}
	if err := p.recover(ctx); err != nil {
		return err
	}
	if txid := p.part.TxID(); txid != committed {
		return fmt.Errorf("state %q: the log's last commit is of batch %d, and batch %d is to come next", p.spec.name, txid, b.from)
	}
	return nil
}

// recover reads the part from the log.
func (p *statePart) recover(ctx context.Context) error {
	p.recovered = false
	_, err := p.part.Recover(ctx)
	p.recovered, p.whole = err == nil, p.part.TxID()
	return err
}

// commit folds what is committed. What isn't here is made up for when the next attempt begins.
func (p *statePart) commit(b *packet) error {
	if !p.recovered {
		return nil
	}
	err := p.fold(b.txid, b.attempt, b.commit)
	if errors.Is(err, state.ErrGap) {
		return nil
	}
	return err
}

func (p *statePart) fold(txid, attempt, sequence uint64) error {
	if txid > p.whole {
		return state.ErrGap
	}
	return p.part.Commit(txid, attempt, sequence)
}

// staged returns what the batch, which has ended, has changed.
func (p *statePart) staged(txid uint64) [][]byte {
	p.whole = txid
	return p.part.Staged()
}

// unreadable says that a value is not what the program's type says.
func (p *statePart) unreadable(key []byte, err error) error {
	return fmt.Errorf("state %q: the value of key %q can't be read as this program's type (was the type changed?): %w", p.spec.name, key, err)
}
