package console

import (
	"fmt"
	"strconv"

	"github.com/galestream/gale/worker"
)

// plain returns a line for each component and, where there are new errors, one for the last of
// them, as key=value pairs. Latencies come last, as there may be none.
func plain(now, before *worker.Snapshot) []string {
	var lines []string
	for _, r := range readings(now, before) {
		lines = append(lines, plainFigures(now, &r))
	}
	for _, e := range lastOfEach(now) {
		if n := now.ErrorTotals[e.Component]; n > before.ErrorTotals[e.Component] {
			lines = append(lines, fmt.Sprintf("%s component=%s errors=%d last_error=%s", plainHead(now), e.Component, n, strconv.Quote(e.Text)))
		}
	}
	return lines
}

func plainHead(s *worker.Snapshot) string {
	return fmt.Sprintf("topology=%s state=%s uptime_s=%.1f", s.Topology, s.State, s.Uptime.Seconds())
}

func plainFigures(s *worker.Snapshot, r *reading) string {
	line := fmt.Sprintf("%s component=%s tasks=%d rate=%.1f total=%d busy=%.2f queue=%d failed=%d restarts=%d stuck=%d",
		plainHead(s), r.Component, r.Tasks, r.rate, handled(&r.ComponentSnapshot), r.busy, r.waiting(), r.lost(), r.Restarted, r.Stuck)
	if l := r.latency(); l.Count() > 0 {
		line += fmt.Sprintf(" p50_us=%.1f p99_us=%.1f", micros(l.Quantile(0.5)), micros(l.Quantile(0.99)))
	}
	return line
}

func micros(nanos int64) float64 { return float64(nanos) / 1000 }
