package main

import (
	"context"
	"fmt"
	"os"

	"github.com/galestream/gale/topology"
)

// alerter applies a rule to each metric and emits its changes of state.
type alerter struct {
	options options
	host    string
	rules   map[string]*rule
}

func newAlerter(o options) *alerter { return &alerter{options: o} }

// silentIntervals is how many samples may be missing before it is unknown what was between.
const silentIntervals = 3

// Prepare implements topology.Preparer.
func (a *alerter) Prepare(context.Context, *topology.Context) (err error) {
	a.rules = map[string]*rule{}
	for metric, b := range a.options.bands {
		a.rules[metric] = &rule{band: b, hold: a.options.hold, gap: silentIntervals * a.options.interval}
	}
	a.host, err = os.Hostname()
	return err
}

// Execute implements topology.Bolt.
func (a *alerter) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	l := topology.As[Level](t)
	r := a.rules[l.Metric]
	if r == nil {
		return fmt.Errorf("there is no rule for metric %q", l.Metric)
	}
	if change, changed := r.next(l.At, l.Mean); changed {
		topology.EmitStruct(out, Alert{
			ID: alertID(a.host, l.Metric, r.band), State: change.to, Host: a.host, Metric: l.Metric,
			At: l.At, Value: l.Mean, Threshold: change.threshold, Lasted: change.lasted,
		})
	}
	return nil
}
