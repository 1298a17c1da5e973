package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stdinPath is the path that stands for standard input.
const stdinPath = "-"

// listing is what the paths given come to. It costs about 100 bytes a file.
type listing struct {
	files    []listed
	missing  []error // paths given that can't be read
	problems []error // folders in them that can't be read
}

// listed is a file to read.
type listed struct {
	name  string
	given bool // by name, not found in a folder
}

// list finds the regular files at the paths: in the order of the paths, and
// within a folder in the order of names. Links are followed only where
// they are given.
func list(paths []string) *listing {
	l := &listing{}
	for _, p := range paths {
		if err := l.add(p); err != nil {
			l.missing = append(l.missing, err)
		}
	}
	return l
}

// err is not nil when nothing that was given can be read.
func (l *listing) err(paths []string) error {
	if len(paths) == 0 {
		return errors.New("there are no paths to read: give files, folders, or - for standard input")
	}
	if len(l.missing) == len(paths) {
		return fmt.Errorf("none of the paths given can be read:\n%w", errors.Join(l.missing...))
	}
	return nil
}

func (l *listing) add(path string) error {
	if path == stdinPath {
		l.files = append(l.files, listed{path, true})
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return l.addFolder(path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: redirect standard input from it, and give -", notRegular(path, info))
	}
	l.files = append(l.files, listed{path, true})
	return nil
}

// addFolder adds the regular files in and below the folder root.
func (l *listing) addFolder(root string) error {
	if _, err := os.ReadDir(root); err != nil {
		return err
	}
	// The separator has a link that was given followed.
	return filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			l.problems = append(l.problems, err)
			return nil
		}
		if d.Type().IsRegular() {
			l.files = append(l.files, listed{name: path})
		}
		return nil
	})
}
