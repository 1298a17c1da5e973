package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// maxText is how much text is read, in bytes.
const maxText = 16 << 20

// sourceLines returns lines of the Go installation's source files, in the order of their names. The
// text is in memory before anything is measured.
var sourceLines = sync.OnceValues(func() ([]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT, to find text to count: %w", err)
	}
	text, err := readSources(filepath.Join(strings.TrimSpace(string(root)), "src"))
	return strings.Split(text, "\n"), err
})

// readSources returns the contents of the .go files below dir, as far as maxText goes.
func readSources(dir string) (string, error) {
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		if text.Len()+len(b) > maxText {
			return fs.SkipAll
		}
		text.Write(b)
		return err
	})
	if err == nil && text.Len() == 0 {
		err = fmt.Errorf("there are no .go files below %s to count the words of", dir)
	}
	return text.String(), err
}
