package jetstream

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/nats-io/nats.go"
)

// SinkOptions say what a [Sink] writes, and where. Stream, and Subject or SubjectOf, must be given; the zero values of the rest are
// ready.
type SinkOptions[T any] struct {
	Access connector.Access
	// Stream is the name of the stream.
	Stream string
	// Subject is what all records are published on.
	Subject string
	// SubjectOf, instead of Subject, gives the subject of a record.
	SubjectOf func(record T) string
	// Encode gives the payload of a record. Nil will do when T is []byte or string.
	Encode func(record T) ([]byte, error)
	// Headers, if it is not nil, gives headers of a record. Those that begin with Nats- are for the server, and refused, but for Nats-TTL
	// and Nats-Msg-Id. Beware of the latter: a whole batch fails when one of its ids is within the stream's duplicate window.
	Headers func(record T) nats.Header
	// MarkerSubject is what the subjects of the markers begin with, those of all topologies that write to the stream. The stream
	// must take MarkerSubject.>. Empty means "marker." and the stream's name.
	MarkerSubject string
	// MaxBatch is how many messages an atomic batch has at most, its marker included: 2 to 1000, and no more than the server's
	// limit. 0 means 1000.
	MaxBatch int
	// Timeout is how long an answer is waited for before the marker is looked at, at least 100 ms. 0 means 5 s.
	Timeout time.Duration
	// Patience is how long Open, Applied and Apply go on trying before they return an error that may pass. 0 means 30 s.
	Patience time.Duration
	// AllowLimits takes a stream that drops old messages (by age, number or size). Once it has dropped a partition's marker, a batch that is
	// tried again is written twice.
	AllowLimits bool
}

const (
	defaultMaxBatch = 1000 // streamDefaultMaxAtomicBatchSize of nats-server 2.12 to 2.15
	maxPartBytes    = 4 << 20
	defaultTimeout  = 5 * time.Second
	minTimeout      = 100 * time.Millisecond
	defaultPatience = 30 * time.Second
)

func (o SinkOptions[T]) withDefaults() SinkOptions[T] {
	o.MarkerSubject = cmp.Or(o.MarkerSubject, defaultMarkerSubject(o.Stream))
	o.MaxBatch = cmp.Or(o.MaxBatch, defaultMaxBatch)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	if o.Encode == nil {
		o.Encode = plainEncode[T]()
	}
	return o
}

func defaultMarkerSubject(stream string) string { return "marker." + stream }

// plainEncode is for records that are payloads; nil for others.
func plainEncode[T any]() func(T) ([]byte, error) {
	switch any(*new(T)).(type) {
	case []byte:
		return func(record T) ([]byte, error) { return any(record).([]byte), nil }
	case string:
		return func(record T) ([]byte, error) { return []byte(any(record).(string)), nil }
	}
	return nil
}

// check lists all that is wrong, after the defaults were filled in.
func (o SinkOptions[T]) check() error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("jetstream sink: "+format, a...))
		}
	}
	badStream := o.Stream == "" || strings.ContainsAny(o.Stream, ">*. /\\\t\r\n")
	refuse(badStream, "the option Stream is %q; it must be a name without spaces and any of . * > / \\", o.Stream)
	refuse((o.Subject == "") == (o.SubjectOf == nil), "give one of the options Subject and SubjectOf")
	refuse(o.Subject != "" && !isSubject(o.Subject), "the option Subject is %q; it must be a subject without wildcards and spaces", o.Subject)
	refuse(!badStream && !isSubject(o.MarkerSubject), "the option MarkerSubject is %q; it must be a subject without wildcards and spaces", o.MarkerSubject)
	refuse(o.Encode == nil, "the option Encode is missing; only records of the types []byte and string need none")
	refuse(o.MaxBatch < 2 || o.MaxBatch > defaultMaxBatch, "the option MaxBatch is %d; it must be from 2 to %d", o.MaxBatch, defaultMaxBatch)
	refuse(o.Timeout < minTimeout, "the option Timeout is %v; it must be at least %v", o.Timeout, minTimeout)
	refuse(o.Patience < 0, "the option Patience is %v; it must not be negative", o.Patience)
	return errors.Join(errs...)
}

// subjectOf is the subject of a record, not checked.
func (o SinkOptions[T]) subjectOf(record T) string {
	if o.SubjectOf != nil {
		return o.SubjectOf(record)
	}
	return o.Subject
}

// isSubject reports whether one may publish on s.
func isSubject(s string) bool {
	for token := range strings.SplitSeq(s, ".") {
		if token == "" || token == "*" || token == ">" || strings.ContainsAny(token, " \t\r\n\f\x00") {
			return false
		}
	}
	return true
}

// takes reports whether a filter, which may have wildcards, takes the subject.
func takes(filter, subject string) bool {
	for {
		f, moreFilter, fok := strings.Cut(filter, ".")
		s, moreSubject, sok := strings.Cut(subject, ".")
		if f == ">" {
			return true
		}
		if f != "*" && f != s || fok != sok {
			return false
		}
		if !fok {
			return true
		}
		filter, subject = moreFilter, moreSubject
	}
}
