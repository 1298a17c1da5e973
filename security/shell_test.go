package security

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galestream/gale/client"
	"github.com/stretchr/testify/require"
)

// program describes a topology, and writes down how it was started.
const program = `package main

import (
	"encoding/json"
	"os"
)

func main() {
	text, _ := json.Marshal(os.Args[1:])
	os.WriteFile(os.Getenv("ARGS"), text, 0o600)
	os.WriteFile(os.Getenv("GALE_DESCRIBE"), []byte("{}"), 0o600)
}
`

// orders are what a shell would obey, or a program take for a flag. PWNED is the file that each of them makes.
var orders = []string{
	"a;touch PWNED", "a$(touch PWNED)", "a`touch PWNED`", "a|touch PWNED", "a&touch PWNED", "a\ntouch PWNED", "a' 'touch PWNED", `a"touch PWNED`, "a>PWNED", "a b", "*",
	"-toolexec=touch PWNED", "-o=PWNED", "-x", "--", "$IFS", "${HOME}", "~", "!", "#",
}

// trap has whoever looks for a shell, or for what it was to run, leave a mark; the test below finds those who name one by its path.
func trap(t *testing.T) (mark string) {
	t.Helper()
	dir := t.TempDir()
	mark = filepath.Join(dir, "mark")
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "touch"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, shell), []byte("#!/bin/sh\n: >"+mark+"\n"), 0o700))
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return mark
}

func TestS02NamesOfFoldersAndFilesAreNoOrders(t *testing.T) {
	root, mark := t.TempDir(), trap(t)
	t.Chdir(root)
	built := 0
	for _, name := range orders {
		dir, file := filepath.Join(root, "d", name), filepath.Join(root, "f", name, name+".go")
		write(t, filepath.Join(dir, "main.go"))
		write(t, file)
		for _, path := range []string{dir, file} {
			b, err := client.Build(t.Context(), path)
			if err != nil { // go takes no such names, which is as good
				require.NotContains(t, err.Error(), "go help build", "%q was a flag", path)
				continue
			}
			built++
			requireStarted(t, b.Path)
			require.NoError(t, b.Remove())
		}
	}
	require.GreaterOrEqual(t, built, len(orders), "of each name, go takes at least the folder")
	require.NoFileExists(t, mark)
	requireNothingDone(t, root)
}

// write writes the program into a module of its own.
func write(t *testing.T, file string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "go.mod"), []byte("module example.com/p\n"), 0o600))
	require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
}

// requireStarted starts the program with all orders as arguments, and sees that it has got them as they are.
func requireStarted(t *testing.T, path string) {
	t.Helper()
	said := filepath.Join(t.TempDir(), "args")
	_, err := client.DefinitionOf(t.Context(), client.Program{Path: path, Args: orders, Env: map[string]string{"ARGS": said, "ORDER": orders[0]}})
	require.NoError(t, err)
	text, err := os.ReadFile(said)
	require.NoError(t, err)
	var args []string
	require.NoError(t, json.Unmarshal(text, &args))
	require.Equal(t, orders, args)
}

func requireNothingDone(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		require.NoError(t, err)
		require.False(t, strings.HasPrefix(filepath.Base(path), "PWNED"), "%s was made", path)
		return nil
	}))
}

// starters are the functions that start processes of what they are given.
var starters = map[string]bool{"client/build.go": true, "client/program.go": true, "client/start_other.go": true, "supervisor/health.go": true, "supervisor/process.go": true, "trident/postgres/postgrestest/server.go": true}

func TestS02OnlyTheseStartProcessesAndNoneAShell(t *testing.T) {
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		name := filepath.ToSlash(strings.TrimPrefix(path, "../"))
		switch {
		case e.IsDir() && (name == "bench" || name == "examples" || name == "tools" || name == "internal" || e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") && path != ".."):
			return fs.SkipDir // these are no part of a cluster
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		if startsProcesses(t, path) {
			found[name] = true
		}
		return nil
	}))
	require.Equal(t, starters, found, "a new place that starts processes enters the table when it is certain that it uses no shell")
}

func startsProcesses(t *testing.T, path string) (starts bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			starts = starts || isStart(s)
		}
		return true
	})
	if starts {
		requireNoShell(t, path, file)
	}
	return starts
}

// isStart reports whether the name is of a function that starts a program.
func isStart(s *ast.SelectorExpr) bool {
	of, ok := s.X.(*ast.Ident)
	if !ok {
		return false
	}
	switch of.Name + "." + s.Sel.Name {
	case "exec.Command", "exec.CommandContext", "exec.Cmd", "os.StartProcess", "syscall.Exec", "syscall.ForkExec", "syscall.StartProcess", "unix.Exec":
		return true
	}
	return false
}

func requireNoShell(t *testing.T, path string, file *ast.File) {
	t.Helper()
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok {
			text := strings.Trim(l.Value, "\"`")
			require.NotContains(t, []string{"sh", "bash", "/bin/sh", "/bin/bash", "-c", "cmd.exe"}, text, "%s names a shell", path)
		}
		return true
	})
}
