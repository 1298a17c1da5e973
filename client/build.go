package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/galestream/gale/cluster"
)

// Binary is a program in a file, as [Build] returns it.
type Binary struct {
	Path string // of the file

	// Cross builds the same sources for another platform (as GOOS and GOARCH have it; without cgo) and returns the path of that program,
	// which Remove removes as well. It is what a [Submission] has as Cross. It is nil when Path was a built program: there are no sources.
	Cross func(ctx context.Context, goos, goarch string) (string, error)

	temporary string // the folder that Remove removes; empty for none
}

// Remove removes what Build has made. A binary that was there before stays.
func (b Binary) Remove() error {
	if b.temporary == "" {
		return nil
	}
	return os.RemoveAll(b.temporary)
}

// Build returns the program that path stands for: of a folder with a package main, or a .go file of one, what the local
// `go build` makes of that package (with -trimpath, so that equal sources make equal programs); of any other file, that file. A .go file is
// built by itself when it is alone in its folder, or when others there have a main function of their own.
// It is for this machine, whatever GOOS and GOARCH say, since it is asked for its topology here. The caller removes it after use. Errors of
// the compiler are [cluster.Invalid].
func Build(ctx context.Context, path string) (Binary, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Binary{}, cluster.Errorf(cluster.Invalid, "there is no program: %v", err).WithHint("name the folder of a package main, a .go file of one, or a built program")
	case info.IsDir():
		return build(ctx, path, ".")
	case strings.HasSuffix(path, ".go"):
		return build(ctx, filepath.Dir(path), packageOf(path))
	}
	return Binary{Path: path}, checkExecutable(path)
}

func build(ctx context.Context, dir, what string) (Binary, error) {
	temporary, err := os.MkdirTemp("", "gale-build-")
	if err != nil {
		return Binary{}, fmt.Errorf("a folder to build in: %w", err)
	}
	c := compilation{dir: dir, what: what, temporary: temporary}
	b := Binary{Cross: c.cross, temporary: temporary}
	if b.Path, err = c.compile(ctx, runtime.GOOS, runtime.GOARCH); err != nil {
		return Binary{}, errors.Join(err, b.Remove())
	}
	return b, nil
}

// compilation makes programs of one package, in a folder of its own.
type compilation struct {
	dir, what string // in which folder what is built
	temporary string // where programs go
}

// programName is the one that `go build` would give, for people to see in lists of processes.
func (c compilation) programName() string {
	absolute, err := filepath.Abs(c.dir)
	if err != nil || filepath.Base(absolute) == string(filepath.Separator) {
		return "topology"
	}
	return filepath.Base(absolute)
}

// cross builds for another platform, for which there is seldom a C compiler.
func (c compilation) cross(ctx context.Context, goos, goarch string) (string, error) {
	return c.compile(ctx, goos, goarch, "CGO_ENABLED=0")
}

func (c compilation) compile(ctx context.Context, goos, goarch string, variables ...string) (string, error) {
	path := filepath.Join(c.temporary, goos+"-"+goarch, c.programName())
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, c.what)
	cmd.Dir, cmd.Env = c.dir, append(append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch), variables...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that go removes its own files
	cmd.WaitDelay = killDelay
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return "", cluster.Errorf(cluster.Invalid, "%s can't be built: there is no Go on this machine", c.dir).WithHint("install Go, or give a built program")
	case err != nil:
		return "", &cluster.Error{Code: cluster.Invalid, Message: fmt.Sprintf("%s doesn't build for %s/%s", c.dir, goos, goarch), Problems: lines(out)}
	}
	return path, checkExecutable(path)
}

// checkExecutable also finds out packages that are not main: what is built of them is no program.
func checkExecutable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return cluster.Errorf(cluster.Invalid, "there is no program: %v", err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return cluster.Errorf(cluster.Invalid, "%s is no program that can be run", path).WithHint("name the folder of a package main, a .go file of one, or a built program")
	}
	return nil
}
