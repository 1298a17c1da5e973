package main

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/stretchr/testify/require"
)

func testOptions() options {
	return options{interval: time.Second, hold: 3 * time.Second, bands: map[string]band{"cpu": {90, 70}, "net": {1e6, 5e5}}}
}

// feed has the topology take a sample of a metric each second of simulated time.
func feed(h *topologytest.Harness, metric string, values ...float64) {
	for _, v := range values {
		h.Feed("samples", metric, h.Now().Truncate(time.Second), v)
		h.Advance(time.Second)
	}
}

func lines(out *strings.Builder) []string {
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestWatchPrintsChanges(t *testing.T) {
	var out strings.Builder
	h := topologytest.New(t, watch(testOptions(), &out), topologytest.Fed("samples"), topologytest.Serialize())
	feed(h, "cpu", 50, 95, 95, 95, 96, 99, 80, 71, 60, 95, 95, 95, 10)
	h.Run()
	require.Equal(t, []string{
		"2026-01-01T00:00:04.000Z FIRING   cpu 96.0% > 90.0% for 3s (latency 0.0 ms)",
		"2026-01-01T00:00:08.000Z RESOLVED cpu 60.0% < 70.0% after 4s (latency 0.0 ms)",
	}, lines(&out))
	require.Empty(t, h.Errors())
	require.Len(t, h.Acked("alert"), 13)
}

func TestWatchKeepsMetricsApart(t *testing.T) {
	var out strings.Builder
	h := topologytest.New(t, watch(testOptions(), &out), topologytest.Fed("samples"), topologytest.Serialize())
	for range 4 {
		h.Feed("samples", "cpu", h.Now().Truncate(time.Second), 95.0)
		h.Feed("samples", "net", h.Now().Truncate(time.Second), 2.5e6)
		h.Advance(time.Second)
	}
	feed(h, "net", 1)
	h.Run()
	require.ElementsMatch(t, []string{
		"2026-01-01T00:00:03.000Z FIRING   cpu 95.0% > 90.0% for 3s (latency 0.0 ms)",
		"2026-01-01T00:00:03.000Z FIRING   net 2.5 MB/s > 1.0 MB/s for 3s (latency 0.0 ms)",
		"2026-01-01T00:00:04.000Z RESOLVED net 1 B/s < 500.0 kB/s after 1s (latency 0.0 ms)",
	}, lines(&out))
}

func TestWatchSmooths(t *testing.T) {
	o := testOptions()
	o.halfLife, o.hold = time.Second, 0
	var out strings.Builder
	h := topologytest.New(t, watch(o, &out), topologytest.Fed("samples"))
	feed(h, "cpu", 0, 100, 100, 100, 100, math.NaN(), 100, 0, 100)
	h.Run()
	require.Equal(t, []string{
		"2026-01-01T00:00:04.000Z FIRING   cpu 93.8% > 90.0% for 0s (latency 0.0 ms)",
		"2026-01-01T00:00:07.000Z RESOLVED cpu 49.2% < 70.0% after 3s (latency 0.0 ms)",
	}, lines(&out))
}

func TestAlertsAreTold(t *testing.T) {
	h := topologytest.New(t, watch(testOptions(), &strings.Builder{}), topologytest.Fed("samples"))
	feed(h, "cpu", 95, 95, 95, 95, 5, 95, 95, 95, 95)
	got := h.Run().Values("alert", "")
	require.Len(t, got, 3)

	host, err := os.Hostname()
	require.NoError(t, err)
	id := alertID(host, "cpu", band{90, 70})
	require.Equal(t, []any{id, "FIRING", host, "cpu", second(3), 95.0, 90.0, int64(3 * time.Second)}, got[0])
	require.Equal(t, []any{id, "RESOLVED", host, "cpu", second(4), 5.0, 70.0, int64(time.Second)}, got[1])

	keys := map[string]bool{}
	for _, values := range got {
		keys[alertOf(values).transitionKey()] = true
	}
	require.Len(t, keys, 3, "a second incident is not a replay of the first")
}

func TestAlertID(t *testing.T) {
	id := alertID("host", "cpu", band{90, 70})
	require.Equal(t, "ea4f4e05a25a7d10", id, "it must not change from one version to the next")
	require.NotEqual(t, id, alertID("other", "cpu", band{90, 70}))
	require.NotEqual(t, id, alertID("host", "mem", band{90, 70}))
	require.NotEqual(t, id, alertID("host", "cpu", band{90, 71}))
}

func TestUnknownMetricFails(t *testing.T) {
	bolt := func() topology.Bolt { return newAlerter(testOptions()) }
	emits := func(d *topology.BoltDeclarer) { d.EmitsStruct(topology.FieldsOf[Alert]()) }
	r := topologytest.RunBolt(t, bolt, emits, topology.FieldsOf[Level]().Names(), [][]any{{"gpu", epoch, 99.0}})
	require.Len(t, r.Failed, 1)
	require.ErrorContains(t, r.Failed[0].Cause, `there is no rule for metric "gpu"`)
	require.Empty(t, r.Emitted)
}
