package jetstream

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
)

// SourceOptions say what a [Source] reads, and how. Stream must be given; the zero values of the rest are ready.
type SourceOptions struct {
	Access connector.Access
	// Stream is the name of the stream, which must exist.
	Stream string
	// Subjects are what is read of the stream, with wildcards, which must not overlap. Empty means all.
	Subjects []string
	// Partitions is how many parts are read side by side, 1 to 256. 0 means 1. It may change while the topology's state is kept. See the
	// package for what it costs.
	Partitions int
	// StartSequence is the sequence to begin with where there is no position yet; 0 means the first that there is.
	StartSequence uint64
	// StartTime, instead of StartSequence, begins with the first message that was stored then or later.
	StartTime time.Time
	// Bounded ends the source behind the message that was the last of the stream when this process read it first.
	Bounded bool
	// Prefetch is how many messages a partition may hold that were not read yet, 2 to 65536. 0 means 8192.
	Prefetch int
	// SkipUndecodable has [SourceOf] skip what decode refuses, count it in messages.undecodable and report it. Without it, such a message fails
	// its batch again and again.
	SkipUndecodable bool
}

const (
	defaultPrefetch  = 8192
	maxPrefetch      = 65536
	maxPartitions    = 256
	defaultPartition = 1
)

func (o SourceOptions) withDefaults() SourceOptions {
	o.Partitions = cmp.Or(o.Partitions, defaultPartition)
	o.Prefetch = cmp.Or(o.Prefetch, defaultPrefetch)
	return o
}

// check lists all that is wrong, after the defaults were filled in.
func (o SourceOptions) check() error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("jetstream source: "+format, a...))
		}
	}
	refuse(o.Stream == "" || strings.ContainsAny(o.Stream, ">*. /\\\t\r\n"), "the option Stream is %q; it must be the name of a stream, without spaces and any of . * > / \\", o.Stream)
	refuse(o.Partitions < 1 || o.Partitions > maxPartitions, "the option Partitions is %d; it must be from 1 to %d", o.Partitions, maxPartitions)
	refuse(o.Prefetch < 2 || o.Prefetch > maxPrefetch, "the option Prefetch is %d; it must be from 2 to %d", o.Prefetch, maxPrefetch)
	refuse(o.StartSequence > 0 && !o.StartTime.IsZero(), "the options StartSequence and StartTime are both given")
	return errors.Join(errs...)
}
