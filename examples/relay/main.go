package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/galestream/gale"
	"github.com/galestream/gale/connector/jetstream"
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
		fmt.Fprintf(os.Stderr, "relay: %v\n", err)
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
	return relay(o), nil
}

// makeTimeout is how long making the streams may take.
const makeTimeout = 10 * time.Second

func makeStreams(o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), makeTimeout)
	defer cancel()
	for _, name := range []string{o.in, o.out} {
		if err := jetstream.EnsureStream(ctx, o.access, name, subject(name)); err != nil {
			return err
		}
	}
	return nil
}

// subject is what a stream's messages are published on.
func subject(stream string) string { return "relay." + stream }

// stdout is os.Stdout as it is when something is printed: a live table may have put its own in the place.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
