package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/galestream/gale"
)

func main() {
	if isMember() {
		if err := runMember(); err != nil {
			fmt.Fprintln(os.Stderr, "bench worker:", err)
			os.Exit(exitFailed)
		}
		return
	}
	if isFlow() {
		gale.Main(ownTopology())
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func run(args []string, stdout, stderr io.Writer) int {
	code := exitUsage
	c, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err == nil:
		code, err = exitFailed, errors.Join(c.do(stdout), removeBuilt())
	}
	if err == nil {
		return exitOK
	}
	if _, err := fmt.Fprintln(stderr, "bench:", err); err != nil {
		return exitFailed
	}
	return code
}

// command is what the arguments ask for.
type command struct {
	cases      []benchCase
	window     time.Duration // measured for each case
	json, list bool
	cpuProfile string
}

func parse(args []string, stdout io.Writer) (command, error) {
	var c command
	var which string
	var seconds float64
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard) // run prints what is wrong
	f.StringVar(&which, "case", "", "measure only these cases, separated by commas")
	f.Float64Var(&seconds, "seconds", 5, "how long each case is measured, after a warm-up of a second, in [0.1, 3600]")
	f.BoolVar(&c.json, "json", false, "print one JSON object a line instead of a table")
	f.BoolVar(&c.list, "list", false, "list the cases")
	f.StringVar(&c.cpuProfile, "cpuprofile", "", "write a CPU profile to the file; samples are labelled with case and load (gale, limit)")
	if err := f.Parse(args); err != nil {
		f.SetOutput(stdout)
		if errors.Is(err, flag.ErrHelp) {
			f.Usage()
		}
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q; cases are picked with -case %s", f.Arg(0), f.Arg(0))
	}
	if !(seconds >= minWindow.Seconds() && seconds <= 3600) { // written so that NaN is refused, too
		return c, fmt.Errorf("-seconds %v is not in [0.1, 3600]", seconds)
	}
	c.window = time.Duration(seconds * float64(time.Second))
	var err error
	c.cases, err = pick(allCases(), which)
	return c, err
}

func (c *command) do(stdout io.Writer) error {
	if c.list {
		_, err := fmt.Fprintln(stdout, strings.Join(names(allCases()), "\n"))
		return err
	}
	return c.measureAll(stdout)
}

// measureAll measures the cases and prints each as soon as it is done.
func (c *command) measureAll(stdout io.Writer) (failed error) {
	if c.cpuProfile != "" {
		stop, err := profile(c.cpuProfile)
		if err != nil {
			return err
		}
		defer func() { failed = errors.Join(failed, stop()) }()
	}
	var out printer = newTable(stdout)
	if c.json {
		out = newJSONLines(stdout)
	}
	for _, b := range c.cases {
		r, err := b.measure(c.window)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		if err := out.print(r); err != nil {
			return err
		}
	}
	return out.end()
}

func profile(name string) (stop func() error, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, nil
}
