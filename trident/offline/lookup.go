package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/codec"
	"github.com/galestream/gale/trident/commit"
	"github.com/galestream/gale/trident/state"
)

// Errors of what is not there, or not for this package.
var (
	// ErrNoState says that the log has no state of the name; [List] says which it has.
	ErrNoState = state.ErrNoState
	// ErrUnreadable says that only the topology's program can read the state: it has to run.
	ErrUnreadable = errors.New("only the topology's program can read it")
)

// DamagedError says that something of a state can't be read as it was written. There may be a changelog.DamagedError in its place.
type DamagedError = state.DamagedError

// KeyError says that a key's text is none of the state's type. It is the caller's mistake.
type KeyError struct{ Err error }

// Error says what is wrong with the text, as the topology itself would.
func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// Value is what a state has for a key.
type Value struct {
	Found bool            // the key is there
	JSON  json.RawMessage // its value; nil unless it was found
	TxID  uint64          // the last batch that is committed; 0 for none
}

// List names the states of a log, in order. Errors are the log's.
func List(ctx context.Context, log changelog.Log) ([]string, error) { return state.List(ctx, log) }

// Lookup reads the committed value of a key, which is written as codec.ParseKey takes it. Errors: [ErrNoState], [KeyError], [ErrUnreadable], those of a damaged state, and the log's.
func Lookup(ctx context.Context, log changelog.Log, name, key string) (v Value, err error) {
	d, err := state.ReadDescription(ctx, log, name)
	if err != nil {
		return v, err
	}
	encoded, err := encode(name, d, key)
	if err != nil {
		return v, err
	}
	p, err := open(ctx, log, name, d, state.Group(encoded), state.Groups)
	if err != nil {
		return v, err
	}
	v.TxID = p.TxID()
	value, found, err := p.Committed(string(encoded))
	if err != nil || !found {
		return v, err
	}
	v.Found = true
	v.JSON, err = show(name, d, value)
	return v, err
}

// open reads one of so many parts of a state.
func open(ctx context.Context, log changelog.Log, name string, d state.Description, index, parts int) (*state.Partition, error) {
	p, err := state.OpenPartition(state.Options{Name: name, Index: index, Partitions: parts, Log: log, Store: state.Memory(), Commit: commit.DecodeNames, TTL: d.TTL, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	_, err = p.Recover(ctx)
	return p, err
}

// before is of states that were kept before they were described in full.
const before = "it was kept by a program that did not say enough of its types"

func unreadable(name, what, trouble string) error {
	if trouble == "" {
		trouble = before
	}
	return fmt.Errorf("the %s of state %q: %w: %s", what, name, ErrUnreadable, trouble)
}

func encode(name string, d state.Description, key string) ([]byte, error) {
	if d.Keys == "" {
		return nil, unreadable(name, "keys", d.KeyTrouble)
	}
	f, err := codec.ParseKeyForm(d.Keys)
	if err != nil {
		return nil, unreadable(name, "keys", err.Error())
	}
	encoded, err := f.Encode(key)
	if err != nil {
		return nil, &KeyError{err}
	}
	return encoded, nil
}

func show(name string, d state.Description, value []byte) (json.RawMessage, error) {
	if d.Values == "" {
		return nil, unreadable(name, "values", d.ValueTrouble)
	}
	f, err := codec.ParseForm(d.Values)
	if err != nil {
		return nil, unreadable(name, "values", err.Error())
	}
	text, err := f.Show(value)
	switch {
	case err != nil:
		return nil, fmt.Errorf("state %q: a value can't be read as %s: %w", name, d.Values, err)
	case !json.Valid([]byte(text)):
		return nil, fmt.Errorf("state %q: the value is %.80s, which JSON has no words for", name, text)
	}
	return json.RawMessage(text), nil
}
