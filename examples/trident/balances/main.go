package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/galestream/gale"
	"github.com/galestream/gale/topology"
)

func main() {
	o, err := parseOptions(gale.Args(), os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(gale.ExitOK)
	case err != nil:
		os.Exit(gale.ExitUsage)
	}
	b, err := o.builder()
	if err != nil {
		fmt.Fprintf(os.Stderr, "balances: %v\n", err)
		os.Exit(gale.ExitFailed)
	}
	gale.Main(b)
}

// builder declares what the options ask for.
func (o options) builder() (*topology.Builder, error) {
	switch {
	case o.fill > 0:
		return fill(o), makeStreams(o)
	case o.check:
		return check(o, stdout{}), nil
	}
	return balances(o), nil
}

// stdout is os.Stdout as it is when something is printed: a live table may have put its own in the place.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
