package main

import (
	"strconv"
	"strings"
)

// Servers escape what clients send: a quote, a backslash and what is not printable ASCII. nginx
// writes all of them as \xHH, Apache a quote and a backslash as \" and \\, and some control
// characters as in C.

// controls are the escapes of one letter, and what they mean.
var controls = map[byte]byte{'"': '"', '\\': '\\', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// unescape takes the escapes of a field back. A backslash that begins none stands for itself.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		c, n := unescapeOne(s)
		b.WriteByte(c)
		s = s[n:]
	}
	return b.String()
}

// unescapeOne returns the first byte that s stands for, and how long its escape is.
func unescapeOne(s string) (c byte, n int) {
	if s[0] != '\\' || len(s) == 1 {
		return s[0], 1
	}
	if c, ok := controls[s[1]]; ok {
		return c, 2
	}
	if s[1] != 'x' || len(s) < 4 {
		return s[0], 1
	}
	x, err := strconv.ParseUint(s[2:4], 16, 8)
	if err != nil {
		return s[0], 1
	}
	return byte(x), 4
}

// escape writes a text as one field of a log line, or as a part of a line for people: whatever it
// holds, it can't end the field or the line, nor steer a terminal.
func escape(s string) string {
	if strings.IndexFunc(s, isSpecial) < 0 {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case isSpecial(rune(c)):
			b.WriteString(`\x`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

const hex = "0123456789ABCDEF"

func isSpecial(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }
