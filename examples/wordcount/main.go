// Command wordcount counts the words of files, folders or standard input.
//
//	wordcount [-top N] [PATH ...]
//
// A word is what lies between white space, as for `wc -w` in the C locale. Without a path it reads the
// source tree of the Go installation; "-" is standard input. It prints every word with its count,
// the most frequent first, in the form that
//
//	tr -s '[:space:]' '\n' | grep -v '^$' | sort | uniq -c | sort -k1,1nr -k2,2
//
// has in the C locale.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/galestream/gale"
)

func main() {
	flags := flag.NewFlagSet("wordcount", flag.ExitOnError)
	top := flags.Int("top", 0, "how many words to print; 0 prints all")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: wordcount [-top N] [PATH ...]   (no path: the Go source tree; -: standard input)")
		flags.PrintDefaults()
	}
	_ = flags.Parse(gale.Args()) // which exits by itself
	paths := flags.Args()
	if len(paths) == 0 {
		paths = goSources()
	}
	gale.Main(wordcount(paths, *top, stdout{}))
}

// stdout is os.Stdout as it is when something is printed: while Gale shows a live table on the same
// terminal, it puts a pipe there.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

// goSources is the folder of the Go installation's source tree.
func goSources() []string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		fmt.Fprintf(os.Stderr, "wordcount: name a file or a folder: the Go installation could not be found (go env GOROOT: %v)\n", err)
		os.Exit(gale.ExitUsage)
	}
	return []string{filepath.Join(strings.TrimSpace(string(root)), "src")}
}
