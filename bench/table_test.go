package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestTable(t *testing.T) {
	second := sample{units: 24_000_000, took: time.Second, cpu: 1900 * time.Millisecond, mallocs: 1200, latency: percentiles{101.25, 420, 1100}}
	late := sample{units: 50_000, took: time.Second, cpu: 400 * time.Millisecond, latency: percentiles{38.52, 1001, 2500}, note: "the generator was late"}
	rate := benchCase{name: "const-null-acked", unit: "tuples/s", metric: perSecond, bar: bar{value: 20e6, ratio: 0.35}}
	free := benchCase{name: "fanout-acked", unit: "tuples/s", metric: perSecond, note: "counted at the last bolt"}
	latency := benchCase{name: "latency-50k", unit: "us (p50)", metric: medianMicros, bar: bar{p50: 40, p99: 1000}}

	var out bytes.Buffer
	table := newTable(&out)
	require.NoError(t, table.print(newResult(&rate, second, 48e6)))
	require.NoError(t, table.print(newResult(&rate, second, 96e6)))
	require.NoError(t, table.print(newResult(&free, second, 31e6)))
	require.NoError(t, table.print(newResult(&latency, late, 35)))
	require.NoError(t, table.print(newProbeResult(&benchCase{name: "dev-ready", unit: "ms", bar: bar{most: 1000}}, figure{value: 812.34, note: "the median of 5, from 790 to 1102"})))
	require.NoError(t, table.end())

	const golden = "testdata/table.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}

func TestBarIsMet(t *testing.T) {
	rate, latency := bar{value: 20e6, ratio: 0.35}, bar{p50: 40, p99: 1000}
	require.Equal(t, "yes", rate.met(result{Value: 20e6, Ratio: 0.35}))
	require.Equal(t, "no", rate.met(result{Value: 19.9e6, Ratio: 0.9}))
	require.Equal(t, "no", rate.met(result{Value: 30e6, Ratio: 0.34}))
	require.Equal(t, "yes", latency.met(result{P50: 40, P99: 1000}))
	require.Equal(t, "no", latency.met(result{P50: 40.1, P99: 1000}))
	require.Equal(t, "no", latency.met(result{P50: 40, P99: 1000.1}))
	require.Equal(t, "yes", bar{most: 1000}.met(result{Value: 1000}))
	require.Equal(t, "no", bar{most: 1000}.met(result{Value: 1000.1}))
	require.Equal(t, "-", bar{}.met(result{}))
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestOutputThatBreaks(t *testing.T) {
	r := result{notes: []string{"a note"}}
	require.ErrorIs(t, newTable(brokenWriter{}).print(r), errBroken)
	require.ErrorIs(t, newJSONLines(brokenWriter{}).print(r), errBroken)
}
