package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/trident/changelog"
)

// Description says what a state is kept as. It is stored beside the snapshots, so that a program which would take values for another type's is found out, and so that
// values can be read where no program is at hand.
type Description struct {
	// Text is the state's kind, and how values and keys are encoded as far as another type's could be taken for them. A program whose text is another must not use the state.
	Text string `json:"form"`

	Kind      string        `json:"kind"`      // "map", "value", "windows"
	Component string        `json:"component"` // that keeps it
	KeyType   string        `json:"key_type"`  // for people
	TTL       time.Duration `json:"ttl,omitempty"`
	Keys      string        `json:"keys,omitempty"`   // for codec.ParseKeyForm; empty: KeyTrouble says why there is none
	Values    string        `json:"values,omitempty"` // for codec.ParseForm; empty: ValueTrouble says why there is none

	KeyTrouble   string `json:"key_trouble,omitempty"`
	ValueTrouble string `json:"value_trouble,omitempty"`
}

// formPrefix begins the names under which descriptions are stored; no state's name has a slash in it.
const formPrefix = "_form/"

// ErrNoState says that nothing is stored of how a state is kept: the log has no such state.
var ErrNoState = errors.New("there is no such state")

// PutDescription stores the description of a state. Errors are the log's.
func PutDescription(ctx context.Context, log changelog.Log, state string, d Description) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return log.PutSnapshot(ctx, formPrefix+state, data)
}

// ReadDescription returns the description of a state, or [ErrNoState], or a [DamagedError]. One that Gale stored before it said more than the Text has only that.
func ReadDescription(ctx context.Context, log changelog.Log, state string) (d Description, err error) {
	data, err := log.Snapshot(ctx, formPrefix+state)
	switch {
	case errors.Is(err, changelog.ErrNoSnapshot):
		return d, fmt.Errorf("state %q: %w", state, ErrNoState)
	case err != nil:
		return d, err
	case !strings.HasPrefix(string(data), "{"):
		return Description{Text: string(data)}, nil
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, &DamagedError{State: state, Snapshot: formPrefix + state, Reason: err.Error(), Remedy: restore}
	}
	return d, nil
}

// List names the states that a log has, in order.
func List(ctx context.Context, log changelog.Log) (states []string, err error) {
	names, err := log.Snapshots(ctx, formPrefix)
	for _, name := range names {
		states = append(states, strings.TrimPrefix(name, formPrefix))
	}
	return states, err
}
