package trident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/commit"
)

// logTimeout is how long the coordinator waits for the log before it takes the outcome for unknown.
const logTimeout = 10 * time.Second

// fence begins an attempt, unless another coordinator has done so since this one's last.
func (c *coordinator) fence(after commit.Attempt) commit.Event {
	ctx, cancel := context.WithTimeout(c.over, logTimeout)
	defer cancel()
	last, err := c.log.LastFence(ctx)
	if err == nil && after > 0 && c.isReplaced(last, after) {
		return commit.FencedOut{Attempt: after}
	}
	var attempt uint64
	if err == nil { // another may begin one meanwhile: then it must not be stopped by this one, which comes late
		attempt, err = c.log.FenceAfter(ctx, last.Sequence, []byte(c.id))
	}
	var fenced commit.Fenced
	if err == nil {
		fenced, err = c.afterFence(ctx, attempt)
	}
	if err != nil {
		c.failed(fmt.Errorf("an attempt can't begin: %w", err))
		return commit.FenceFailed{}
	}
	return fenced
}

// isReplaced reports whether the log's last fence is another coordinator's, after this one's attempt.
func (c *coordinator) isReplaced(last changelog.Record, after commit.Attempt) bool {
	return last.Sequence > uint64(after) && string(last.Payload) != c.id
}

// check looks whether there is another coordinator. That it can't be seen now is no error: the next batch would say so.
func (c *coordinator) check(after commit.Attempt) commit.Event {
	ctx, cancel := context.WithTimeout(c.over, checkEvery)
	defer cancel()
	if last, err := c.log.LastFence(ctx); err == nil && c.isReplaced(last, after) {
		return commit.FencedOut{Attempt: after}
	}
	return commit.Tick{}
}

func (c *coordinator) afterFence(ctx context.Context, attempt uint64) (commit.Fenced, error) {
	fenced := commit.Fenced{Attempt: commit.Attempt(attempt)}
	last, err := c.log.LastCommit(ctx)
	if err != nil || last.Sequence == 0 {
		return fenced, err
	}
	fenced.Sequence = last.Sequence
	if fenced.Last, err = commit.DecodeRecord(last.Payload); err != nil {
		return fenced, fmt.Errorf("the commit record at sequence %d: %w", last.Sequence, err)
	}
	return fenced, nil
}

// append commits.
func (c *coordinator) append(r commit.Record) commit.Event {
	ctx, cancel := context.WithTimeout(c.over, logTimeout)
	defer cancel()
	sequence, err := c.log.Append(ctx, uint64(r.Attempt), changelog.Commit, commit.AppendRecord(nil, r))
	e := commit.Appended{TxID: r.TxID, Attempt: r.Attempt, Sequence: sequence, Outcome: outcome(err)}
	switch {
	case errors.Is(err, changelog.ErrTooLarge):
		c.failed(fmt.Errorf("batch %d can't be committed: the positions of %d partitions are more than a record can have; read fewer files or partitions in one topology: %w", r.TxID, len(r.Positions), err))
	case e.Outcome == commit.Unknown:
		c.failed(fmt.Errorf("it is not known yet whether batch %d is committed: %w", r.TxID, err))
	}
	return e
}

// outcome says what has become of an append.
func outcome(err error) commit.Outcome {
	switch {
	case err == nil:
		return commit.Done
	case errors.Is(err, changelog.ErrFenced):
		return commit.Refused
	}
	return commit.Unknown
}

// failed reports an error, unless it is the end of the task.
func (c *coordinator) failed(err error) {
	if c.over.Err() == nil {
		c.tc.Report(err)
	}
}
