package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cursor reads the fields of a line from left to right. After the first error it reads nothing
// more, so its user looks at err once, at the end.
type cursor struct {
	line string
	at   int // bytes that are read
	err  error
}

func (c *cursor) rest() string { return c.line[c.at:] }

// fail remembers what is wrong with the text from here on.
func (c *cursor) fail(format string, args ...any) {
	c.failAt(c.at, format, args...)
}

func (c *cursor) failAt(at int, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("byte %d: %s", at, fmt.Sprintf(format, args...))
		c.at = len(c.line)
	}
}

// gap reads the space before the next field.
func (c *cursor) gap(next string) {
	if !strings.HasPrefix(c.rest(), " ") {
		c.fail("a space and the %s must follow here", next)
		return
	}
	c.at++
}

// word reads up to the next space or the end.
func (c *cursor) word(field string) string {
	word, _, _ := strings.Cut(c.rest(), " ")
	if word == "" {
		c.fail("the %s is missing", field)
	}
	c.at += len(word)
	return word
}

// user reads up to the time: a user's name may have spaces.
func (c *cursor) user() string {
	name, _, found := strings.Cut(c.rest(), " [")
	if !found {
		c.fail("no time in brackets follows the user")
		return ""
	}
	c.at += len(name)
	return name
}

// time reads a time in brackets.
func (c *cursor) time() time.Time {
	const length = len(timeLayout)
	start, rest := c.at, c.rest()
	if len(rest) < length+2 || rest[0] != '[' || rest[length+1] != ']' {
		c.fail("a time such as [%s] must follow here", timeLayout)
		return time.Time{}
	}
	c.at += length + 2
	at, err := time.Parse(timeLayout, rest[1:length+1])
	if err != nil || at.Unix() < 0 {
		c.failAt(start, "%q is not a time such as %s, since 1970", rest[1:length+1], timeLayout)
	}
	return at
}

// quoted reads a text in double quotes and takes its escapes back.
func (c *cursor) quoted(field string) string {
	rest := c.rest()
	if !strings.HasPrefix(rest, `"`) {
		c.fail("the %s must follow here, in double quotes", field)
		return ""
	}
	end := closingQuote(rest[1:])
	if end < 0 {
		c.fail("the double quote before the %s is not closed", field)
		return ""
	}
	c.at += end + 2
	return unescape(rest[1 : end+1])
}

// closingQuote returns where the first quote is that no backslash escapes, -1 when there is none.
func closingQuote(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// status reads a status, three digits: nginx writes 000 and 009, too.
func (c *cursor) status() int {
	start := c.at
	word := c.word("status")
	n, err := strconv.ParseUint(word, 10, 16)
	if err != nil || len(word) != 3 {
		c.failAt(start, "the status %.20q is not a number of three digits", word)
	}
	return int(n)
}

// size reads a number of bytes; Apache writes "-" for 0.
func (c *cursor) size() int64 {
	start := c.at
	word := c.word("size")
	if word == "-" {
		return 0
	}
	n, err := strconv.ParseUint(word, 10, 63)
	if err != nil {
		c.failAt(start, "the size %.30q is not a number of bytes", word)
	}
	return int64(n)
}

// duration reads the request time, and with it the end of the line. It may be missing.
func (c *cursor) duration() (d time.Duration, timed bool) {
	if c.rest() == "" {
		return 0, false
	}
	c.gap("request time")
	start, rest := c.at, c.rest()
	c.at = len(c.line)
	text := strings.TrimPrefix(rest, "rt=")
	if text == "-" {
		return 0, false
	}
	d, err := time.ParseDuration(text + "s") // exact, where a float would be rounded
	if err != nil || strings.Trim(text, "0123456789.") != "" {
		c.failAt(start, "%.30q is not a request time in seconds, such as 0.123 or rt=0.123", rest)
	}
	return d, true
}
