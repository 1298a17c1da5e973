package cluster

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of error a request has met.
type Code string

// The codes.
const (
	Invalid      Code = "invalid"      // the request is wrong, or the topology's definition is
	NotFound     Code = "not-found"    // there is no topology or supervisor of the name
	Conflict     Code = "conflict"     // the name is in use, or the topology is not in a state in which this can be done
	NoRoom       Code = "no-room"      // there are too few slots
	Unauthorized Code = "unauthorized" // the credentials don't allow it
	Timeout      Code = "timeout"      // it did not happen in time; it may still happen
	Unavailable  Code = "unavailable"  // nobody leads, or NATS can't be reached
	Busy         Code = "busy"         // as many requests as it takes are being done; this one was not begun
	Refused      Code = "refused"      // a component's code was asked, and has answered with an error
	Internal     Code = "internal"     // a fault of Gale's
)

// Error is why a request was refused or could not be done.
type Error struct {
	Code     Code     `json:"code"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`     // what to do about it
	Problems []string `json:"problems,omitempty"` // each thing that is wrong, where there are several
}

// Error returns the message and the problems, without the hint.
func (e *Error) Error() string {
	if len(e.Problems) == 0 {
		return e.Message
	}
	return e.Message + ":\n  " + strings.Join(e.Problems, "\n  ")
}

// Errorf returns an Error of the code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns e with a hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// CodeOf returns the code of err: of the *Error it is or wraps, else Internal.
func CodeOf(err error) Code {
	if e := new(Error); errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
