package main

import (
	"errors"
	"flag"
	"os"

	"github.com/galestream/gale"
)

func main() {
	o, err := parseOptions(gale.Args(), os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(gale.ExitOK)
	case err != nil:
		os.Exit(gale.ExitUsage)
	}
	gale.Main(accesslog(o, stdout{}))
}

// stdout is os.Stdout as it is when something is printed: a live table may have put its own in the place.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
