package config

import (
	"fmt"
	"strings"

	"github.com/xrash/smetrics"
)

// maxProblems bounds how many problems an Error lists; a file that is something else
// altogether would have thousands.
const maxProblems = 50

// Problem is one mistake in a configuration.
type Problem struct {
	Place string // "gale.yaml:7:23", "environment GALE_LOG_LEVEL", "flag", "program", or empty in Validate
	Text  string
}

// Error lists the mistakes in a configuration. It is a user's mistake, to be shown whole;
// trying again without a change is of no use.
type Error struct {
	Problems []Problem // of file, environment, flags, in this order; at most 50
	More     int       // how many were found beyond those
	cause    error     // why the file can't be read, if it can't
}

// Error lists the problems, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	n := len(e.Problems) + e.More
	fmt.Fprintf(&b, "configuration: %d problem", n)
	if n > 1 {
		b.WriteByte('s')
	}
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		if p.Place != "" {
			fmt.Fprintf(&b, "%s: ", p.Place)
		}
		b.WriteString(p.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

// Unwrap returns why the file could not be read, so that errors.Is(err, fs.ErrNotExist)
// tells that there is none; nil when it could.
func (e *Error) Unwrap() error { return e.cause }

// problems collects problems.
type problems struct {
	list  []Problem
	more  int
	cause error
}

func (p *problems) add(place, format string, args ...any) {
	if p.full() {
		p.more++
		return
	}
	p.list = append(p.list, Problem{Place: place, Text: fmt.Sprintf(format, args...)})
}

// full reports whether further problems are only counted. Hints need not be looked for then.
func (p *problems) full() bool { return len(p.list) == maxProblems }

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	return &Error{Problems: p.list, More: p.more, cause: p.cause}
}

// didYouMean returns a hint at the known name that is nearest to the given one, or
// nothing when none is near.
func didYouMean(name string, known []string) string {
	best, score := "", 0.75
	for _, k := range known {
		if s := likeness(name, k); s > score {
			best, score = k, s
		}
	}
	return meant(best)
}

// didYouMeanKey is didYouMean for whole keys, of which known are the dotted forms and spell makes
// those that the user writes. Only the last parts of keys are compared where what is
// before them is right, as all keys of one section are alike by their beginning.
func didYouMeanKey(name string, known []string, spell func(string) string) string {
	best, score := "", 0.0
	for _, k := range known {
		section, least := k[:strings.LastIndexByte(k, '.')+1], 0.75
		if name == spell(strings.TrimSuffix(section, ".")) {
			return fmt.Sprintf(", which is a section: name one of its keys, such as %q", spell(k))
		}
		rest, inSection := strings.CutPrefix(name, spell(section))
		mine := strings.TrimPrefix(spell(k), spell(section))
		if section == "" || !inSection {
			rest, mine, least = name, spell(k), 0.9
		}
		if s := likeness(rest, mine); s > max(least, score) {
			best, score = spell(k), s
		}
	}
	if best == "" {
		best = elsewhere(name, known, spell)
	}
	return meant(best)
}

// elsewhere returns the key that ends in the last part of name, which then lacks its section.
func elsewhere(name string, known []string, spell func(string) string) string {
	bare := lastPart(strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, envPrefix), "_", "-")))
	for _, k := range known {
		if lastPart(k) == bare {
			return spell(k)
		}
	}
	return ""
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

func likeness(a, b string) float64 {
	return smetrics.JaroWinkler(cut(strings.ToLower(a)), strings.ToLower(b), 0.7, 4)
}

func meant(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", name)
}

// cut shortens what a user wrote to what is worth showing.
func cut(s string) string {
	if r := []rune(s[:min(len(s), 400)]); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
