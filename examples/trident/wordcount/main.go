package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/galestream/gale"
)

func main() {
	flags := flag.NewFlagSet("wordcount", flag.ExitOnError)
	top := flags.Int("top", 10, "how many words to print, 1 to 100")
	serve := flags.Bool("serve", false, "stay, and answer the queries count and top")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: wordcount [-top N] [-serve] [PATH ...]   (no path: README.md)")
		flags.PrintDefaults()
	}
	_ = flags.Parse(gale.Args()) // which exits by itself
	if *top < 1 || *top > mostKept {
		fmt.Fprintf(os.Stderr, "wordcount: -top is %d; it must be from 1 to %d\n", *top, mostKept)
		os.Exit(gale.ExitUsage)
	}
	paths := flags.Args()
	if len(paths) == 0 {
		paths = []string{"README.md"}
	}
	gale.Main(wordcount(paths, *serve, newPrinter(stdout{}, *top)))
}

// stdout is os.Stdout as it is when something is printed: while Gale shows a live table on the same
// terminal, it puts a pipe there.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
