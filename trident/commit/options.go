package commit

import (
	"errors"
	"fmt"
	"time"
)

// Options say how a machine works.
type Options struct {
	// Sources is how many source tasks there are, at least 1. They are numbered from 0.
	Sources int
	// Depth is how many batches may be in flight, 1..MaxDepth. 0 means DefaultDepth.
	Depth int
	// Interval is how soon after a batch that took all there was the next may begin; 0 means 1 ms. It grows up to MaxInterval (0 means 5 ms, or
	// Interval when that is longer) when commits take long: to a batch's time from emission to commit, divided by Depth.
	Interval, MaxInterval time.Duration
	// ReportTimeout is how long after its tree is complete a batch may wait for reports; then it fails. 0 means 10 s.
	ReportTimeout time.Duration
	// Check is how often the log is asked for another coordinator's fence while nothing is in flight; what is in flight is refused. 0 means never.
	Check time.Duration
	// Pause is how long a machine that another has replaced waits until it takes over itself. 0 means 5 s.
	Pause time.Duration
	// Confirm says that the host answers Announce with Heard or Unheard. Then what was not heard is announced again, and Ended waits until the
	// last commit was heard.
	Confirm bool
	// Meta is the host's own and stands in every commit record.
	Meta []byte
}

// Limits of Options.
const (
	DefaultDepth = 4
	MaxDepth     = 1024
)

func (o Options) ensureDefaults() Options {
	if o.Depth == 0 {
		o.Depth = DefaultDepth
	}
	if o.Interval == 0 {
		o.Interval = time.Millisecond
	}
	if o.MaxInterval == 0 {
		o.MaxInterval = max(5*time.Millisecond, o.Interval)
	}
	if o.ReportTimeout == 0 {
		o.ReportTimeout = 10 * time.Second
	}
	if o.Pause == 0 {
		o.Pause = 5 * time.Second
	}
	return o
}

// Validate lists all that is wrong with the options.
func (o Options) Validate() error {
	var errs []error
	wrong := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf("commit: "+format, args...))
		}
	}
	wrong(o.Sources < 1, "Sources is %d, must be at least 1", o.Sources)
	wrong(o.Depth < 0 || o.Depth > MaxDepth, "Depth is %d, must be in 1..%d", o.Depth, MaxDepth)
	wrong(o.Interval < 0, "Interval is %v, must not be negative", o.Interval)
	wrong(o.MaxInterval < 0 || o.MaxInterval > 0 && o.MaxInterval < o.Interval, "MaxInterval is %v, must be at least Interval (%v)", o.MaxInterval, o.Interval)
	wrong(o.ReportTimeout < 0, "ReportTimeout is %v, must not be negative", o.ReportTimeout)
	wrong(o.Check < 0, "Check is %v, must not be negative", o.Check)
	wrong(o.Pause < 0, "Pause is %v, must not be negative", o.Pause)
	return errors.Join(errs...)
}
