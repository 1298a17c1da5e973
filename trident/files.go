package trident

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/galestream/gale/topology"
)

// Lines returns a source of the lines of files, to their end: those at the paths, those that match where a path is a pattern of
// [filepath.Match], and all regular files in and below folders, where no links are followed. It is Transactional, provided that files
// only grow, and only by whole lines.
//
// Each file is a partition, named by its cleaned path (or by its end and a hash, when it is longer than 128 bytes or no UTF-8 text), so all workers
// must find the same files. They are looked for once in each process, 4096 at most. A path or pattern without a file ends the topology with an error; it is an error, too, when a file has
// become shorter than what was read of it, or whose last bytes that were read are others now.
//
// A line comes without its line end, which is "\n" or "\r\n". At the end of a file, one that lacks its line end counts as a
// line. A line longer than 1 MiB is left out, counted in lines.overlong and reported; see [Observed]. A line in memory pins the block of text that
// it is part of, 64 KiB; who keeps few of many for long should keep a [strings.Clone].
func Lines(paths ...string) Source[string] { return &lines{paths: paths} }

// Bounds of [Lines].
const (
	maxFiles = 4096
	maxLine  = 1 << 20
)

type lines struct {
	paths []string
	mu    struct {
		sync.Mutex
		found bool
		names []string
		files map[string]string // the path of a name
	}
}

// Kind implements [Source].
func (l *lines) Kind() Kind { return Transactional }

// Partitions implements [Source].
func (l *lines) Partitions(context.Context) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.findLocked(); err != nil {
		return nil, topology.Fatal(err)
	}
	return slices.Clone(l.mu.names), nil
}

// Open implements [Source].
func (l *lines) Open(_ context.Context, partition string, after []byte, _ func()) (Reader[string], error) {
	path, err := l.path(partition)
	if err != nil {
		return nil, err
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	r := &lineReader{file: f, path: path}
	if err := r.seek(after); err != nil {
		_ = f.Close() // nothing was written to it
		return nil, err
	}
	return r, nil
}

func (l *lines) path(partition string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.findLocked(); err != nil {
		return "", err
	}
	path, ok := l.mu.files[partition]
	if !ok {
		return "", fmt.Errorf("the file %q is not among those that were found", partition)
	}
	return path, nil
}

// findLocked finds the files, unless it has found them.
func (l *lines) findLocked() error {
	if l.mu.found {
		return nil
	}
	if len(l.paths) == 0 {
		return errors.New("there are no paths to read: give files, patterns or folders")
	}
	var all []string
	var errs []error
	for _, p := range l.paths {
		found, err := find(p)
		all = append(all, found...)
		errs = append(errs, err)
	}
	if len(all) > maxFiles {
		errs = append(errs, fmt.Errorf("there are %d files, and each takes room in every commit: give at most %d", len(all), maxFiles))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	l.nameLocked(all)
	return nil
}

func (l *lines) nameLocked(paths []string) {
	l.mu.found, l.mu.files = true, map[string]string{}
	for _, p := range paths {
		name := nameOf(p)
		if _, twice := l.mu.files[name]; !twice {
			l.mu.names = append(l.mu.names, name)
			l.mu.files[name] = p
		}
	}
}

// nameOf is the path, or what tells a long one apart.
func nameOf(path string) string {
	if len(path) <= maxPartition && utf8.ValidString(path) {
		return path
	}
	h := fnv.New128a()
	_, _ = h.Write([]byte(path)) // it does not fail
	sum := fmt.Sprintf("%x...", h.Sum(nil))
	return sum + strings.ToValidUTF8(path[max(0, len(path)-(maxPartition-len(sum))):], "")
}

// find returns the files that a path stands for, cleaned. One that exists is not taken for a pattern.
func find(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return below(path)
	case err == nil:
		return []string{filepath.Clean(path)}, nil
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, "*?["):
		return matching(path)
	}
	return nil, err
}

func matching(pattern string) (all []string, err error) {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q: %w", pattern, err)
	}
	if len(matches) == 0 {
		return nil, fmt.Errorf("no file matches the pattern %q", pattern)
	}
	for _, m := range matches {
		found, err := find(m)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// below are the regular files in and below a folder, in the order of their names.
func below(folder string) (all []string, err error) {
	// The separator has a link that was given followed.
	err = filepath.WalkDir(folder+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, filepath.Clean(path))
		}
		return err
	})
	return all, err
}
