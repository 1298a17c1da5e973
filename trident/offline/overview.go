package offline

import (
	"context"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/state"
)

// Info is what a state is and how large.
type Info struct {
	Name        string
	Description state.Description // where it was kept before it was described in full, the Text alone
	Keys        int64
	Bytes       int64  // of keys and values
	TxID        uint64 // the last batch that is committed; 0 for none
}

// PassBytes is how much of a state Overview has in memory at a time, about.
const PassBytes = 128 << 20

// Overview says what states a log has, in the order of their names. size is how many bytes the log has, with its snapshots, as far as is known: a state is gone through in as many parts as
// keep it within [PassBytes]; 0 is one part.
func Overview(ctx context.Context, log changelog.Log, size uint64) (all []Info, err error) {
	names, err := List(ctx, log)
	if err != nil {
		return nil, err
	}
	parts := int(min(size/PassBytes+1, state.Groups))
	for _, name := range names {
		info, err := measure(ctx, log, name, parts)
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

func measure(ctx context.Context, log changelog.Log, name string, parts int) (info Info, err error) {
	info.Name = name
	if info.Description, err = state.ReadDescription(ctx, log, name); err != nil {
		return info, err
	}
	for i := range parts {
		p, err := open(ctx, log, name, info.Description, i, parts)
		if err != nil {
			return info, err
		}
		keys, bytes := p.Size()
		info.Keys, info.Bytes, info.TxID = info.Keys+int64(keys), info.Bytes+bytes, p.TxID()
	}
	return info, nil
}
