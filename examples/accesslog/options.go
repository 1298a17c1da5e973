package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	file      string
	fromStart bool
	interval  time.Duration // how often the file is looked at; 0 is the spout's default
	duration  time.Duration // 0 is for ever
	rules     rules
}

// parseOptions reads the command line. The error lists all that is wrong with it; it is
// [flag.ErrHelp] when help was asked for. Usage, when it is due, goes to w.
func parseOptions(args []string, w io.Writer) (options, error) {
	o := options{rules: rules{
		errors: threshold{fire: 0.05, resolve: 0.02},
		slow:   threshold{fire: 0.01, resolve: 0.005}, limit: time.Second,
	}}
	flags := o.flags(w)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(flags.Args()); err != nil {
		fmt.Fprintf(w, "accesslog: %v\n", err)
		flags.Usage()
		return o, err
	}
	o.file = flags.Arg(0)
	return o, nil
}

func (o *options) flags(w io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("accesslog", flag.ContinueOnError)
	f.SetOutput(w)
	f.BoolVar(&o.fromStart, "from-start", false, "begin at the start of the file instead of its end")
	f.DurationVar(&o.duration, "duration", 0, "end by itself after this long, whatever is read by then; 0 is for ever")
	f.DurationVar(&o.rules.window, "window", time.Minute, "what rates are taken over, by the time in the log; 1s to 24h")
	f.Var(&o.rules.errors, "errors", "the shares of 5xx, `FIRE:RESOLVE`, at which a path's alert fires and resolves")
	f.Var(slowFlag{&o.rules}, "slow", "a time and the shares that take longer, `LIMIT:FIRE[:RESOLVE]`, at which the alert fires (0.01: the p99 is above it) and resolves (half, if not said)")
	f.Int64Var(&o.rules.atLeast, "min", 20, "fire only on so many requests in the window")
	f.IntVar(&o.rules.paths, "paths", 1000, "how many paths each task tells apart; all further ones count together")
	f.Usage = func() {
		fmt.Fprintln(w, "usage: accesslog [flags] FILE   (flags come first)")
		f.PrintDefaults()
	}
	return f
}

func (o *options) check(args []string) error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, a...))
		}
	}
	r := &o.rules
	refuse(len(args) != 1 || args[0] == "", "name one file to follow, after the flags, not %q", args)
	refuse(r.window < time.Second || r.window > 24*time.Hour, "-window is %v; it must be from 1s to 24h", r.window)
	refuse(o.duration < 0, "-duration is %v; it must not be negative", o.duration)
	refuse(r.atLeast < 1, "-min is %d; it must be at least 1", r.atLeast)
	refuse(r.paths < 1 || r.paths > 1_000_000, "-paths is %d; it must be from 1 to 1000000", r.paths)
	return errors.Join(errs...)
}

// String implements [flag.Value].
func (t *threshold) String() string { return fmt.Sprintf("%v:%v", t.fire, t.resolve) }

// Set implements [flag.Value].
func (t *threshold) Set(s string) error {
	fire, resolve, two := strings.Cut(s, ":")
	if !two {
		return errors.New("give two shares, as in 0.05:0.02")
	}
	return t.set(fire, resolve)
}

func (t *threshold) set(fire, resolve string) error {
	f, err := strconv.ParseFloat(fire, 64)
	r, err2 := strconv.ParseFloat(resolve, 64)
	ordered := 0 <= r && r < f && f <= 1 // which NaN is not
	if err != nil || err2 != nil || !ordered {
		return errors.New("shares must be numbers with 0 <= resolve < fire <= 1")
	}
	t.fire, t.resolve = f, r
	return nil
}

// slowFlag is the part of the rules that -slow sets.
type slowFlag struct{ *rules }

// String implements [flag.Value].
func (s slowFlag) String() string {
	if s.rules == nil { // the flag package asks a zero value, too
		return ""
	}
	return fmt.Sprintf("%v:%v", s.limit, &s.slow)
}

// Set implements [flag.Value].
func (s slowFlag) Set(text string) error {
	limit, shares, _ := strings.Cut(text, ":")
	d, err := time.ParseDuration(limit)
	if err != nil || d < 0 {
		return errors.New("give a limit and a share, as in 1s:0.01")
	}
	s.limit = d
	if strings.Contains(shares, ":") {
		return s.slow.Set(shares)
	}
	fire, err := strconv.ParseFloat(shares, 64)
	if err != nil {
		return errors.New("give a limit and a share, as in 1s:0.01")
	}
	return s.slow.set(shares, fmt.Sprint(fire/2))
}
