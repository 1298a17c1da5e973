package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/galestream/gale/cluster"
)

// Names in a worker's folder.
const (
	orderFile   = "order.json"
	specFile    = "spec.json"
	processFile = "process.json"
	credsFile   = "creds"
	stateFile   = "state.json"
	stateCreds  = "state.creds"
	configFile  = "config.yaml"
	lifeFile    = "life"
	beatFile    = "beat"
	logFile     = "worker.log"
	workDir     = "work"
)

// place is a worker's folder, for its runner alone.
type place struct{ root *os.Root }

// openPlace opens the folder of the order's worker, which it makes if need be.
func openPlace(f *folder, o *order) (*place, error) {
	dir := path.Join(workersDir, o.Worker)
	if err := f.MkdirAll(path.Join(dir, workDir), 0o700); err != nil {
		return nil, err
	}
	root, err := f.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	p := &place{root}
	if err := p.claim(o); err != nil {
		root.Close()
		return nil, err
	}
	return p, nil
}

// claim makes sure that the folder is of no other topology's worker, and notes what the worker is to run.
func (p *place) claim(o *order) error {
	var before order
	err := readJSON(p.root, orderFile, &before)
	if err == nil && before.TopologyID != o.TopologyID {
		return fmt.Errorf("the worker %s is of the topology %s already", o.Worker, before.TopologyID)
	}
	return writeJSON(p.root, orderFile, o)
}

func (p *place) close() { p.root.Close() }

// path returns the absolute path of a file of the folder.
func (p *place) path(name string) string { return filepath.Join(p.root.Name(), name) }

// life returns how many times the worker was started. Lives must go up, so a file that can't be read is an error.
func (p *place) life() (uint64, error) {
	text, err := readSmall(p.root, lifeFile, 32)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	life, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the file %s: %w", p.path(lifeFile), err)
	}
	return life, nil
}

func (p *place) setLife(life uint64) error {
	return writeFile(p.root, lifeFile, []byte(strconv.FormatUint(life, 10)+"\n"))
}

// writeSpec writes what the process is told. Access is to be the worker's.
func (p *place) writeSpec(h *Options, id string, o *order, life uint64, access cluster.Access) error {
	config := ""
	if o.Program.Config != "" {
		config = p.path(configFile)
		if err := writeFile(p.root, configFile, []byte(o.Program.Config)); err != nil {
			return err
		}
	}
	return writeJSON(p.root, specFile, cluster.WorkerSpec{
		Protocol: cluster.Protocol, Topology: o.Topology, TopologyID: o.TopologyID, Worker: o.Worker, Supervisor: id, Life: life,
		Access: access, Config: config, LogFile: p.path(logFile), LogLimit: h.LogLimit, LogFiles: h.LogFiles, BeatFile: p.path(beatFile),
	})
}

// openLog opens the log for a process to write to. A process that dies before it can rotate its log would let it grow without
// bound: so a full one is rotated here.
func (p *place) openLog(limit int64, files int) (*os.File, error) {
	if info, err := p.root.Lstat(logFile); err == nil && (info.Size() >= limit || !info.Mode().IsRegular()) {
		if err := p.rotate(files); err != nil {
			return nil, err
		}
	}
	return p.root.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

func (p *place) rotate(files int) error {
	if files == 1 {
		return p.root.Remove(logFile)
	}
	for i := files - 1; i > 0; i-- {
		if err := removeIfThere(p.root.Rename(logName(i-1), logName(i))); err != nil {
			return err
		}
	}
	return nil
}

// logName returns the name of a log file; 0 is the one that is written, higher ones are older.
func logName(i int) string {
	if i == 0 {
		return logFile
	}
	return logFile + "." + strconv.Itoa(i)
}

// beat returns what the beat file has, which is "" when there is none.
func (p *place) beat() string {
	sign, err := readSmall(p.root, beatFile, 8)
	if err != nil {
		return ""
	}
	return string(sign)
}

// beatOver is what [cluster.BeatOver] looks like, in any order of bytes.
var beatOver = strings.Repeat("\xff", 8)

// forgetProcess removes what was of the process that has ended.
func (p *place) forgetProcess() error {
	return errors.Join(removeIfThere(p.root.Remove(processFile)), removeIfThere(p.root.Remove(beatFile)))
}
