package natsd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockData makes the data folder and takes its lock, which ends with the file's closing or the process, however
// it ends. Two servers over the same streams would ruin them.
func lockData(dir, file string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("natsd: making the data folder: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("natsd: locking the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(lockError(dir, err), f.Close())
	}
	return f, nil
}

func lockError(dir string, err error) error {
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("natsd: another server uses the data folder %s: stop it (`gale dev`, `gale nats`), or give another folder with --data", dir)
	}
	return fmt.Errorf("natsd: locking the data folder %s: %w", dir, err)
}
