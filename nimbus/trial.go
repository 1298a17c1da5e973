package nimbus

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// nextOfTrial: what a swap has brought is the current generation, but its workers have not all been seen to run. A program may start,
// and still not be able to open its tasks.
func (s *state) nextOfTrial(d *deployment, now time.Time) step {
	switch {
	case d.running(now) == len(d.current().Workers):
		return trust
	case len(s.lost(d.current(), now)) > 0:
		return s.ifChanged(d, replace)
	case d.regret(now, &s.o) != "":
		return s.ifChanged(d, goBack)
	case d.assigned.Active != (d.record.Status == cluster.Active):
		return mend
	}
	return rest
}

// regret returns why the generation on trial is to give way to what ran before; empty while it need not.
func (d *deployment) regret(now time.Time, o *Options) string {
	if fatal := d.fatal(); fatal != "" {
		return fatal
	}
	return d.failed(d.current(), now, o)
}

// goBack begins a swap to what ran before the one that brought the current generation. Should that not come up either, there is no
// other way back.
func (l *leader) goBack(d *deployment) error {
	swap, reason := *d.record.Previous, d.regret(time.Now(), &l.o)
	message := "went back to the former program: "
	if swap.Reason != reasonReplace {
		message = "went back to what ran before the " + swap.Reason + ": "
	}
	swap.Reason = reasonReturn
	l.log.Warn("a swap is taken back", zap.String("topology", d.record.Name), zap.String("reason", reason))
	d.noMove = time.Now().Add(moveBackoff)
	_, err := l.beginSwap(d, swap, d.current(), short(message+reason))
	return l.begun(d, err)
}

// trust records that what a swap has brought runs.
func (l *leader) trust(d *deployment) error {
	t := d.record
	t.Previous = nil
	return l.putTopology(d, t)
}

// former returns what the topology runs, as a swap that brings it again.
func former(t *cluster.Topology) cluster.Swap {
	return cluster.Swap{Definition: t.Definition, Program: t.Program, Workers: t.Workers, Parallelism: t.Parallelism}
}

// cause returns why a worker crashed, in its own words where it has left any.
func cause(c *cluster.Crash) string {
	if n := len(c.LastLog); n > 0 {
		return fmt.Sprintf("%s: %s", c.Reason, c.LastLog[n-1])
	}
	return c.Reason
}

// joined returns both messages, or the one there is.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
