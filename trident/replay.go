package trident

import (
	"context"
	"fmt"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/commit"
)

// replay reads the log through the commit of a txid: staged is called with each staged record, committed with each commit record, which commits the
// batches from..txid as they were in the attempt.
func (g *graph) replay(ctx context.Context, log changelog.Log, through uint64, staged func(changelog.Record) error, committed func(from, txid, attempt uint64) error) error {
	last := uint64(0)
	return log.Read(ctx, 0, 0, func(r changelog.Record) error {
		switch {
		case last >= through && through > 0:
			return nil
		case r.Kind == changelog.Staged:
			return staged(r)
		case r.Kind != changelog.Commit:
			return nil
		}
		c, err := commit.DecodeRecord(r.Payload)
		if err != nil {
			return fmt.Errorf("the commit record at sequence %d: %w", r.Sequence, err)
		}
		from := last + 1
		last = uint64(c.TxID)
		return committed(from, uint64(c.TxID), uint64(c.Attempt))
	})
}
