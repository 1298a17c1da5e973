package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	utc     = time.UTC
	pacific = time.FixedZone("", -7*3600)
)

func TestParseEntry(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want entry
	}{
		"Apache's own example": {
			`127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"`,
			entry{host: "127.0.0.1", user: "frank", at: time.Date(2000, 10, 10, 13, 55, 36, 0, pacific), request: "GET /apache_pb.gif HTTP/1.0",
				status: 200, bytes: 2326, referer: "http://www.example.com/start.html", agent: "Mozilla/4.08 [en] (Win98; I ;Nav)"},
		},
		"all that may be absent, and IPv6": {
			`2001:db8::1 - - [01/Jan/2026:00:00:00 +0000] "-" 408 - "-" "-"`,
			entry{host: "2001:db8::1", at: time.Date(2026, 1, 1, 0, 0, 0, 0, utc), status: 408},
		},
		"with a request time": {
			`::ffff:192.0.2.1 id - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/2.0" 499 0 "-" "-" 12.345`,
			entry{host: "::ffff:192.0.2.1", ident: "id", at: time.Date(2026, 1, 1, 0, 0, 0, 0, utc), request: "GET / HTTP/2.0",
				status: 499, duration: 12345 * time.Millisecond, timed: true},
		},
		"with a named request time": {
			`h - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/2.0" 200 5 "-" "-" rt=0.000`,
			entry{host: "h", at: time.Date(2026, 1, 1, 0, 0, 0, 0, utc), request: "GET / HTTP/2.0", status: 200, bytes: 5, timed: true},
		},
		"with an unknown request time": {
			`h - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/2.0" 200 5 "-" "-" rt=-`,
			entry{host: "h", at: time.Date(2026, 1, 1, 0, 0, 0, 0, utc), request: "GET / HTTP/2.0", status: 200, bytes: 5},
		},
		"escapes": {
			`h - a b [01/Jan/2026:00:00:00 +0000] "GET /\"a\"\\b\x22\xC3\xa9 HTTP/1.1" 000 5 "\t\d\x" "\"" 1`,
			entry{host: "h", user: "a b", at: time.Date(2026, 1, 1, 0, 0, 0, 0, utc), request: `GET /"a"\b"é HTTP/1.1`,
				bytes: 5, referer: "\t\\d\\x", agent: `"`, duration: time.Second, timed: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseEntry(c.line)
			require.NoError(t, err)
			requireSame(t, c.want, got)
			again, err := parseEntry(got.String())
			require.NoError(t, err)
			requireSame(t, c.want, again)
		})
	}
}

// requireSame compares times by the instant and the offset: the zone's name is not in the line.
func requireSame(t require.TestingT, want, got entry) {
	require.Equal(t, want.at.Format(timeLayout), got.at.Format(timeLayout))
	want.at, got.at = time.Time{}, time.Time{}
	require.Equal(t, want, got)
}

func TestParseEntrySaysWhatIsWrongAndWhere(t *testing.T) {
	const good = `h - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/2.0" 200 5 "-" "-" 0.5`
	_, err := parseEntry(good)
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new, want string }{
		"empty":                 {good, ``, `byte 0: the host is missing`},
		"cut after the host":    {good, `h`, `byte 1: a space and the identity must follow here`},
		"cut after the user":    {good, `h - -`, `byte 4: no time in brackets follows the user`},
		"cut in the request":    {` HTTP/2.0" 200 5 "-" "-" 0.5`, ``, `byte 35: the double quote before the request is not closed`},
		"ends in an escape":     {`"-" 0.5`, `"\`, `byte 62: the double quote before the agent is not closed`},
		"cut after the status":  {` 5 "-" "-" 0.5`, ``, `byte 55: a space and the size must follow here`},
		"two spaces":            {`200 5`, `200  5`, `byte 56: the size is missing`},
		"no time":               {`[01/Jan/2026:00:00:00 +0000]`, `[yesterday]`, `byte 6: a time such as [02/Jan/2006:15:04:05 -0700] must follow here`},
		"a month of its own":    {`Jan`, `Foo`, `byte 6: "01/Foo/2026:00:00:00 +0000" is not a time such as 02/Jan/2006:15:04:05 -0700, since 1970`},
		"a day of its own":      {`01/Jan`, `30/Feb`, `is not a time such as`},
		"a year before Unix":    {`2026`, `0001`, `is not a time such as`},
		"an unquoted request":   {`"GET / HTTP/2.0"`, `GET`, `byte 35: the request must follow here, in double quotes`},
		"a long status":         {`200`, `2000`, `byte 52: the status "2000" is not a number of three digits`},
		"a status with a sign":  {`200`, `+20`, `the status "+20" is not`},
		"a status of letters":   {`200`, strings.Repeat("x", 1000), `the status "` + strings.Repeat("x", 20) + `" is not`},
		"a negative size":       {` 5 `, ` -5 `, `byte 56: the size "-5" is not a number of bytes`},
		"a size beyond int64":   {` 5 `, ` 9223372036854775808 `, `the size "9223372036854775808" is not`},
		"text behind the quote": {`"-" 0.5`, `"-"x 0.5`, `byte 65: a space and the request time must follow here`},
		"a unit":                {`0.5`, `0.5m`, `byte 66: "0.5m" is not a request time in seconds, such as 0.123 or rt=0.123`},
		"a negative duration":   {`0.5`, `-1`, `"-1" is not a request time`},
		"a duration of letters": {`0.5`, `rt=NaN`, `"rt=NaN" is not a request time`},
		"an endless duration":   {`0.5`, `99999999999`, `"99999999999" is not a request time`},
		"no duration":           {`0.5`, ``, `"" is not a request time`},
		"a further field":       {`0.5`, `0.5 "x"`, `"0.5 \"x\"" is not a request time`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, c.old)
			_, err := parseEntry(strings.Replace(good, c.old, c.new, 1))
			require.ErrorContains(t, err, c.want)
			require.Less(t, len(err.Error()), 200)
		})
	}
}

// FuzzParseEntry: nothing panics, and what is accepted is written as a line that is read as the same.
func FuzzParseEntry(f *testing.F) {
	for _, line := range testLines(f) {
		f.Add(line)
	}
	f.Add(`h - a b [01/Jan/2026:00:00:00 +1345] "GET /\"a\"\\b\x22\xC3\xa9 HTTP/1.1" 000 5 "\t\d\x" "\"" .000000001`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := parseEntry(line)
		if err != nil {
			require.Equal(t, entry{}, e)
			require.Less(t, len(err.Error()), 400)
			return
		}
		again, err := parseEntry(e.String())
		require.NoError(t, err, "%q", e.String())
		requireSame(t, e, again)
		require.LessOrEqual(t, len(pathOf(e.request)), maxPath)
	})
}

// testLines returns the lines of the log that the example is tried with.
func testLines(t testing.TB) []string {
	text, err := os.ReadFile("testdata/access.log")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	require.Len(t, lines, 200)
	return lines
}
