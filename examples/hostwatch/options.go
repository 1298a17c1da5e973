package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"
)

// options are what the command line says.
type options struct {
	interval time.Duration   // between samples
	hold     time.Duration   // for how long a mean must be above its threshold before it fires
	halfLife time.Duration   // after which a sample counts half as much in the mean; 0: no mean
	bands    map[string]band // by metric; those that are off are left out
	webhook  string          // a URL; "" for none
	duration time.Duration   // after which the program ends by itself; 0 for never
}

// parse reads the command line, and prints what is wrong with it. The error is flag.ErrHelp
// when help was asked for and printed.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{bands: map[string]band{}}
	bands := make([]band, len(metrics))
	flags := flag.NewFlagSet("hostwatch", flag.ContinueOnError)
	flags.SetOutput(stderr)
	o.declare(flags, bands)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for i, m := range metrics {
		if !bands[i].off() {
			o.bands[m.name] = bands[i]
		}
	}
	err := o.check(flags.Args())
	if err != nil {
		fmt.Fprintf(stderr, "hostwatch: %v\n", err)
	}
	return o, err
}

func (o *options) declare(flags *flag.FlagSet, bands []band) {
	for i, m := range metrics {
		bands[i] = m.standard
		flags.Var(&bands[i], m.name, "`FIRE:RESOLVE` or off: fires above FIRE, is resolved below RESOLVE; "+m.about)
	}
	flags.DurationVar(&o.interval, "interval", time.Second, "time between samples")
	flags.DurationVar(&o.hold, "for", 5*time.Second, "how long a figure must stay above FIRE before it fires; any sample below begins anew")
	flags.DurationVar(&o.halfLife, "halflife", 2*time.Second, "time after which a sample counts half as much in the mean; 0 takes samples as they are")
	flags.StringVar(&o.webhook, "webhook", "", "`URL` that alerts are POSTed to as JSON")
	flags.DurationVar(&o.duration, "duration", 0, "end after this time; 0 watches until Ctrl-C")
}

// Bounds of the interval: what the figures are worth less than, and what is no watching.
const (
	minInterval = 10 * time.Millisecond
	maxInterval = time.Hour
)

// check returns all that is wrong.
func (o *options) check(rest []string) error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(len(rest) > 0, "unexpected arguments %q: there are only flags (-help lists them)", rest)
	wrong(o.interval < minInterval || o.interval > maxInterval, "-interval %v: want %v to %v", o.interval, minInterval, maxInterval)
	wrong(o.hold < 0, "-for %v: must not be negative", o.hold)
	wrong(o.halfLife < 0, "-halflife %v: must not be negative", o.halfLife)
	wrong(o.duration < 0, "-duration %v: must not be negative", o.duration)
	wrong(o.webhook != "" && !isHTTP(o.webhook), "-webhook: want a URL such as https://example.org/hook")
	wrong(len(o.bands) == 0, "all metrics are off: there is nothing to watch")
	for _, m := range metrics {
		b, on := o.bands[m.name]
		wrong(on && m.unit == percent && b.fire >= 100, "-%s %v: it would never fire: FIRE must be below 100", m.name, b)
	}
	return errors.Join(errs...)
}

func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
