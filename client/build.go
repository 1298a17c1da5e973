package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/galestream/gale/cluster"
)

// Binary is a program in a file, as [Build] returns it.
type Binary struct {
	Path      string // of the file
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
// `go build` makes of it (with -trimpath, so that equal sources make equal programs); of any other file, that file.
// The caller removes it after use. Errors of the compiler are [cluster.Invalid].
func Build(ctx context.Context, path string) (Binary, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Binary{}, cluster.Errorf(cluster.Invalid, "there is no program: %v", err).WithHint("name the folder of a package main, a .go file of one, or a built program")
	case info.IsDir():
		return build(ctx, path, ".")
	case strings.HasSuffix(path, ".go"):
		return build(ctx, filepath.Dir(path), "./"+filepath.Base(path)) // a name that begins with a dash is no flag then
	}
	return Binary{Path: path}, checkExecutable(path)
}

func build(ctx context.Context, dir, what string) (Binary, error) {
	temporary, err := os.MkdirTemp("", "gale-build-")
	if err != nil {
		return Binary{}, fmt.Errorf("a folder to build in: %w", err)
	}
	b := Binary{Path: filepath.Join(temporary, programName(dir)), temporary: temporary}
	if err := b.compile(ctx, dir, what); err != nil {
		return Binary{}, errors.Join(err, b.Remove())
	}
	return b, nil
}

// programName is the one that `go build` would give, for people to see in lists of processes.
func programName(dir string) string {
	absolute, err := filepath.Abs(dir)
	if err != nil || filepath.Base(absolute) == string(filepath.Separator) {
		return "topology"
	}
	return filepath.Base(absolute)
}

func (b Binary) compile(ctx context.Context, dir, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.Path, what)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that go removes its own files
	cmd.WaitDelay = killDelay
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return cluster.Errorf(cluster.Invalid, "%s can't be built: there is no Go on this machine", dir).WithHint("install Go, or give a built program")
	case err != nil:
		return &cluster.Error{Code: cluster.Invalid, Message: dir + " doesn't build", Problems: lines(out)}
	}
	return checkExecutable(b.Path)
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
