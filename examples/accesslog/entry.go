package main

import (
	"fmt"
	"strings"
	"time"
)

// entry is one line of the combined log format, as Apache and nginx write it:
//
//	host identity user [time] "request" status bytes "referer" "agent"
//
// and, where the server was told to, the request time in seconds as a last field: 0.123 or
// rt=0.123. A field that the line gives as "-" is empty, or 0.
type entry struct {
	host, ident, user string
	at                time.Time // to the second, in the zone of the line
	request           string    // "GET /path HTTP/1.1", or whatever the client has sent instead
	status            int       // in [0, 999]
	bytes             int64
	referer, agent    string
	duration          time.Duration
	timed             bool // the line has a duration
}

// timeLayout is the time of a line, which is always of this length.
const timeLayout = "02/Jan/2006:15:04:05 -0700"

// parseEntry reads a line, without its line end. The error says what is wrong at which byte.
// Strings of the entry are parts of the line's memory.
func parseEntry(line string) (entry, error) {
	var e entry
	c := &cursor{line: line}
	e.host = c.word("host")
	c.gap("identity")
	e.ident = given(c.word("identity"))
	c.gap("user")
	e.user = given(c.user())
	c.gap("time")
	e.at = c.time()
	c.gap("request")
	e.request = given(c.quoted("request"))
	c.gap("status")
	e.status = c.status()
	c.gap("size")
	e.bytes = c.size()
	c.gap("referer")
	e.referer = given(c.quoted("referer"))
	c.gap("agent")
	e.agent = given(c.quoted("agent"))
	e.duration, e.timed = c.duration()
	if c.err != nil {
		return entry{}, c.err
	}
	return e, nil
}

// given returns the field, empty when the line says that there is none.
func given(field string) string {
	if field == "-" {
		return ""
	}
	return field
}

// String returns the line, which parses to an equal entry.
func (e entry) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, `%s %s %s [%s] "%s" %03d %d "%s" "%s"`, e.host, orDash(e.ident), orDash(e.user), e.at.Format(timeLayout),
		escape(orDash(e.request)), e.status, e.bytes, escape(orDash(e.referer)), escape(orDash(e.agent)))
	if e.timed {
		fmt.Fprintf(&b, " %d.%09d", e.duration/time.Second, e.duration%time.Second)
	}
	return b.String()
}

func orDash(field string) string {
	if field == "" {
		return "-"
	}
	return field
}
