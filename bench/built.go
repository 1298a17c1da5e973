package main

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
)

// galeModule is the module that programs are built of.
const galeModule = "github.com/galestream/gale"

// builds has the programs that were built so far.
var builds struct {
	sync.Mutex
	dir   string
	files map[string]string // by package
}

// built returns the file of the program of a package of this module, and builds it if that was not done yet: none of it is
// measured.
func built(pkg string) (file string, err error) {
	b := &builds
	b.Lock()
	defer b.Unlock()
	if file := b.files[pkg]; file != "" {
		return file, nil
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "gale-bench-built-"); err != nil {
			return "", err
		}
		b.files = map[string]string{}
	}
	file = filepath.Join(b.dir, path.Base(pkg))
	if out, err := exec.Command("go", "build", "-o", file, galeModule+"/"+pkg).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	b.files[pkg] = file
	return file, nil
}

// removeBuilt removes all that was built.
func removeBuilt() error {
	b := &builds
	b.Lock()
	defer b.Unlock()
	dir := b.dir
	b.dir, b.files = "", nil
	if dir == "" {
		return nil
	}
	return os.RemoveAll(dir)
}
