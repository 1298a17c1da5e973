package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/galestream/gale/cluster"
)

// The exit codes of [Main].
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitNotFound     = 3
	exitConflict     = 4
	exitUnauthorized = 5
	exitNotNow       = 6
	exitBusy         = 7
	exitInterrupted  = 130
)

// usageError is a mistake on the command line.
type usageError struct {
	text string
	verb string // whose help has more; empty for gale's own
}

func (e *usageError) Error() string { return e.text }

func (e *usageError) hint() string {
	if e.verb == "" {
		return "gale -h"
	}
	return "gale " + e.verb + " -h"
}

// exitCode returns the code for an error. interrupted says whether a signal has come.
func exitCode(err error, interrupted bool) int {
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(*usageError)):
		return exitUsage
	case interrupted && errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return codeOf(cluster.CodeOf(err))
}

func codeOf(c cluster.Code) int {
	switch c {
	case cluster.NotFound:
		return exitNotFound
	case cluster.Conflict:
		return exitConflict
	case cluster.Unauthorized:
		return exitUnauthorized
	case cluster.Timeout, cluster.Unavailable, cluster.NoRoom:
		return exitNotNow
	case cluster.Busy:
		return exitBusy
	}
	return exitFailed
}

// complain writes an error and what to do about it. That a reader of the output has gone away is no error to
// tell of, nor is an interrupt.
func complain(w io.Writer, err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return
	}
	fmt.Fprintf(w, "gale: %s\n", clean(err.Error()))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(w, "hint: %s\n", clean(hint))
	}
}

func hintOf(err error) string {
	if u := new(usageError); errors.As(err, &u) {
		return u.hint()
	}
	if e := new(cluster.Error); errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// clean makes text from afar harmless to a terminal. Lines stay lines.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}
