package main

import (
	"errors"
	"flag"
	"os"

	"github.com/galestream/gale"
)

func main() {
	o, err := parse(gale.Args(), os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(gale.ExitOK)
	}
	if err != nil {
		os.Exit(gale.ExitUsage)
	}
	gale.Main(watch(o, stdout{}))
}

// stdout is os.Stdout as it is when something is printed: a live table may have put its own in the place.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
