package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// writeFile replaces a file so that it is there wholly or not at all, also after a crash of the machine.
func writeFile(root *os.Root, name string, content []byte) error {
	part := name + ".part"
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return root.Rename(part, name)
}

func writeJSON(root *os.Root, name string, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFile(root, name, content)
}

// readJSON reads a file that writeJSON wrote.
func readJSON(root *os.Root, name string, into any) error {
	content, err := readSmall(root, name, 1<<20)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("the file %s: %w", name, err)
	}
	return nil
}

// readSmall reads a file of at most limit bytes.
func readSmall(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("the file %s has more than %d bytes", name, limit)
	}
	return content, err
}

// openRegular opens a regular file for reading. Workers can put what they like into their folders: it neither follows a
// symbolic link nor waits for the other end of a pipe.
func openRegular(root *os.Root, name string) (*os.File, error) {
	named, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is no regular file")}
	}
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(named, opened) {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.Join(errors.New("was exchanged meanwhile"), err)}
	}
	return f, nil
}
