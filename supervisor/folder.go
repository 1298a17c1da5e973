package supervisor

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// Names in the data folder.
const (
	idFile      = "id"
	lockFile    = "lock"
	programsDir = "programs"
	workersDir  = "workers"
	keptDir     = "kept"
	trashDir    = "trash"
)

// folder is the data folder, locked.
type folder struct {
	*os.Root
	lock *os.File
}

// openFolder makes the data folder if need be, closes it to others, and locks it.
func openFolder(data string) (*folder, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	root, err := os.OpenRoot(data)
	if err != nil {
		return nil, fmt.Errorf("opening the data folder: %w", err)
	}
	f := &folder{Root: root}
	if err := f.prepare(); err != nil {
		_ = f.Close() // that it could not be prepared is what matters
		return nil, err
	}
	return f, nil
}

func (f *folder) prepare() error {
	if err := f.Chmod(".", 0o700); err != nil {
		return fmt.Errorf("closing the data folder to others: %w", err)
	}
	if err := f.acquire(); err != nil {
		return err
	}
	for _, dir := range []string{programsDir, workersDir, keptDir, trashDir} {
		if err := f.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a folder in the data folder: %w", err)
		}
	}
	return nil
}

// acquire locks the folder. The lock ends with the process, and workers don't inherit it.
func (f *folder) acquire() (err error) {
	if f.lock, err = f.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return fmt.Errorf("opening the lock of the data folder: %w", err)
	}
	err = unix.Flock(int(f.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("another supervisor uses the data folder %s: give each its own", f.Name())
	}
	if err != nil {
		return fmt.Errorf("locking the data folder: %w", err)
	}
	return nil
}

// Close unlocks and closes the folder.
func (f *folder) Close() error {
	if f.lock != nil {
		f.lock.Close()
	}
	return f.Root.Close()
}

// identify returns the supervisor's id: the given one, else the one kept in the folder, else a new one. It keeps it.
func (f *folder) identify(given, host string) (string, error) {
	id := given
	if id == "" {
		kept, err := readSmall(f.Root, idFile, 128)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("reading the supervisor's id: %w", err)
		}
		id = strings.TrimSpace(string(kept))
	}
	if id == "" {
		id = newID(host)
	}
	if err := cluster.CheckSupervisorID(id); err != nil {
		return "", fmt.Errorf("the id in %s: %w", path.Join(f.Name(), idFile), err)
	}
	return id, writeFile(f.Root, idFile, []byte(id+"\n"))
}

// newID makes an id of the host's name, of which only what an id may have is used, and four random characters.
func newID(host string) string {
	name := strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, host)
	name = strings.Trim(name[:min(len(name), 48)], "-")
	if name == "" {
		name = "supervisor"
	}
	return name + "-" + strings.ToLower(rand.Text()[:4])
}
