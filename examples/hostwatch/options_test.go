package main

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	o, err := parse(nil, &strings.Builder{})
	require.NoError(t, err)
	require.Equal(t, options{
		interval: time.Second, hold: 5 * time.Second, halfLife: 2 * time.Second,
		bands: map[string]band{"cpu": {90, 70}, "mem": {90, 80}},
	}, o)

	o, err = parse(strings.Fields("-cpu off -mem off -net 1e6:5e5 -disk 2e6:2e6 -interval 100ms -for 0s -halflife 0 -duration 1m -webhook http://localhost:9/x"), &strings.Builder{})
	require.NoError(t, err)
	require.Equal(t, options{
		interval: 100 * time.Millisecond, duration: time.Minute, webhook: "http://localhost:9/x",
		bands: map[string]band{"net": {1e6, 5e5}, "disk": {2e6, 2e6}},
	}, o)
}

func TestParseRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"-cpu 90":                    `invalid value "90" for flag -cpu: want FIRE:RESOLVE, such as 90:70, or "off"`,
		"-cpu high:low":              `want FIRE:RESOLVE`,
		"-cpu 90:70:50":              `want FIRE:RESOLVE`,
		"-cpu 70:90":                 `RESOLVE must not be above FIRE`,
		"-net 1e6:0":                 `it would never resolve: RESOLVE must be above 0`,
		"-net Inf:1":                 `thresholds must be finite numbers`,
		"-net 1:NaN":                 `thresholds must be finite numbers`,
		"-mem 100:90":                `-mem 100:90: it would never fire: FIRE must be below 100`,
		"-cpu off -mem off":          `all metrics are off`,
		"-interval 1ms":              `-interval 1ms: want 10ms to 1h0m0s`,
		"-for -1s":                   `-for -1s: must not be negative`,
		"-webhook example.org/hook":  `-webhook: want a URL`,
		"-webhook ftp://example.org": `-webhook: want a URL`,
		"-gpu 90:70":                 `flag provided but not defined: -gpu`,
		"90:70":                      `unexpected arguments ["90:70"]`,
	} {
		t.Run(args, func(t *testing.T) {
			var stderr strings.Builder
			_, err := parse(strings.Fields(args), &stderr)
			require.ErrorContains(t, err, want)
			require.Contains(t, stderr.String(), want, "what is printed")
		})
	}
}

func TestParseListsAllProblems(t *testing.T) {
	_, err := parse(strings.Fields("-interval 2h -halflife -1s -duration -1s rest"), &strings.Builder{})
	for _, want := range []string{"-interval 2h0m0s", "-halflife -1s", "-duration -1s", `"rest"`} {
		require.ErrorContains(t, err, want)
	}
}

func TestHelp(t *testing.T) {
	var stderr strings.Builder
	_, err := parse([]string{"-help"}, &stderr)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, m := range metrics {
		require.Contains(t, stderr.String(), "-"+m.name+" FIRE:RESOLVE")
		require.Contains(t, stderr.String(), m.about)
	}
}

func TestAmount(t *testing.T) {
	require.Equal(t, "93.4%", amount("cpu", 93.42))
	require.Equal(t, "999 B/s", amount("net", 999))
	require.Equal(t, "1.5 MB/s", amount("disk", 1.5e6))
	require.Equal(t, "2000.0 PB/s", amount("disk", 2e18))
}
