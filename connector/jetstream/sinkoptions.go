package jetstream

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// SinkOptions say what a [Sink] publishes, where, and how. Subject or SubjectField must be given; the zero values
// of the rest are ready.
type SinkOptions struct {
	Access Access
	// Subject is what is published on.
	Subject string
	// SubjectField is the field, a string, that has the subject, instead of Subject.
	SubjectField string
	// DataField is the field, a []byte or a string, that is published. Empty means "data".
	DataField string
	// MsgIDField is the field, a string, a []byte or an integer, that has a message id of the record: the stream
	// drops a message whose id it has seen within its duplicate window, 2 minutes by default, and a
	// tuple that is replayed within it is stored once. Empty means that none is sent.
	MsgIDField string
	// Stream, if it is not empty, is the name of the stream that must store what is published: where another one
	// takes the subject, tuples fail.
	Stream string
	// InFlight is how many publishes of a task may be without an answer, 1 to 65536. 0 means 4096.
	InFlight int
	// Timeout is after how long a publish without an answer counts as failed, and how long one waits for
	// a connection that is away, at least 100 ms. 0 means 5 s.
	// It should be below the message timeout.
	Timeout time.Duration
}

const (
	defaultDataField = "data"
	defaultInFlight  = 4096
	maxInFlight      = 65536
	defaultTimeout   = 5 * time.Second
	minTimeout       = 100 * time.Millisecond
)

func (o SinkOptions) withDefaults() SinkOptions {
	o.DataField = cmp.Or(o.DataField, defaultDataField)
	o.InFlight = cmp.Or(o.InFlight, defaultInFlight)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	return o
}

// check lists all that is wrong, after the defaults were filled in.
func (o SinkOptions) check() error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("jetstream sink: "+format, a...))
		}
	}
	refuse((o.Subject == "") == (o.SubjectField == ""), "the options Subject and SubjectField are %q and %q; give one of them", o.Subject, o.SubjectField)
	refuse(o.Stream != "" && !isName(o.Stream), "the option Stream is %q; it must be a name without spaces and any of . * > / \\", o.Stream)
	refuse(o.InFlight < 1 || o.InFlight > maxInFlight, "the option InFlight is %d; it must be from 1 to %d", o.InFlight, maxInFlight)
	refuse(o.Timeout < minTimeout, "the option Timeout is %v; it must be at least %v", o.Timeout, minTimeout)
	return errors.Join(errs...)
}
