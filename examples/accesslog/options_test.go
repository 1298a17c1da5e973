package main

import (
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseOptions(t *testing.T) {
	defaults := rules{
		window: time.Minute, errors: threshold{0.05, 0.02}, slow: threshold{0.01, 0.005}, limit: time.Second,
		atLeast: 20, paths: 1000,
	}
	o, err := parseOptions([]string{"a.log"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{file: "a.log", rules: defaults}, o)

	o, err = parseOptions([]string{"-from-start", "-duration=2s", "-window=1h", "-errors=0.5:0", "-slow=250ms:0.1", "-min=1", "-paths=5", "a.log"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{file: "a.log", fromStart: true, duration: 2 * time.Second, rules: rules{
		window: time.Hour, errors: threshold{0.5, 0}, slow: threshold{0.1, 0.05}, limit: 250 * time.Millisecond,
		atLeast: 1, paths: 5,
	}}, o)

	o, err = parseOptions([]string{"-slow=2s:1:0.25", "a.log"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, threshold{1, 0.25}, o.rules.slow)
}

func TestParseOptionsRefuses(t *testing.T) {
	const shares = "shares must be numbers with 0 <= resolve < fire <= 1"
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "name one file to follow"},
		{[]string{""}, "name one file to follow"},
		{[]string{"-window=25h", "-min=0", "-paths=0", "-duration=-1s"}, "name one file to follow, after the flags, not []\n" +
			"-window is 25h0m0s; it must be from 1s to 24h\n-duration is -1s; it must not be negative\n" +
			"-min is 0; it must be at least 1\n-paths is 0; it must be from 1 to 1000000"},
		{[]string{"-errors=0.5", "a.log"}, "give two shares, as in 0.05:0.02"},
		{[]string{"-errors=0.5:0.5", "a.log"}, shares},
		{[]string{"-errors=1.5:0.5", "a.log"}, shares},
		{[]string{"-errors=0.5:-0.1", "a.log"}, shares},
		{[]string{"-errors=NaN:0", "a.log"}, shares},
		{[]string{"-errors=0.5:NaN", "a.log"}, shares},
		{[]string{"-slow=0.01", "a.log"}, "give a limit and a share, as in 1s:0.01"},
		{[]string{"-slow=1s", "a.log"}, "give a limit and a share, as in 1s:0.01"},
		{[]string{"-slow=-1s:0.01", "a.log"}, "give a limit and a share, as in 1s:0.01"},
		{[]string{"-slow=1s:2", "a.log"}, shares},
		{[]string{"-slow=1s:0.1:0.2", "a.log"}, shares},
	} {
		_, err := parseOptions(c.args, io.Discard)
		require.ErrorContains(t, err, c.want, "%q", c.args)
	}
	_, err := parseOptions([]string{"-help"}, io.Discard)
	require.ErrorIs(t, err, flag.ErrHelp)
}
