package trident

import (
	"encoding/json"
	"fmt"
)

// mailKind says what a mail between tasks is about.
type mailKind string

const (
	mailReady  mailKind = "ready"  // a source task has something to read, after it had not
	mailReport mailKind = "report" // a source task has read its part of a batch
	mailStaged mailKind = "staged" // to oneself: what was to be staged is, or has failed
	mailStored mailKind = "stored" // to oneself: a snapshot is stored, or has failed
	mailAsked  mailKind = "asked"  // to oneself: somebody outside has a question
	mailOpened mailKind = "opened" // a task has opened: what was under way at the one before it is void
	mailWake   mailKind = "wake"   // a task wants a batch at a time, whether there is something to read or not
	mailBase   mailKind = "base"   // a task needs nothing of the log below a sequence
	mailAnswer mailKind = "answer" // the results of a query's request
)

// mail is what tasks tell each other beside the streams.
type mail struct {
	Kind      mailKind          `json:"kind"`
	Attempt   uint64            `json:"attempt,omitempty"`
	TxID      uint64            `json:"txid,omitempty"`
	Positions map[string][]byte `json:"positions,omitempty"` // after the batch, by partition
	Records   int               `json:"records,omitempty"`   // read for the batch
	More      bool              `json:"more,omitempty"`      // there is more to read
	Ended     bool              `json:"ended,omitempty"`     // there never will be
	Token     uint64            `json:"token,omitempty"`
	At        int64             `json:"at,omitempty"`       // milliseconds since 1970
	Sequence  uint64            `json:"sequence,omitempty"` // of the log
	Answer    json.RawMessage   `json:"answer,omitempty"`
	Error     string            `json:"error,omitempty"`
}

func (m mail) encode() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // an answer that isn't JSON: it was encoded by this package
	}
	return b
}

func decodeMail(b []byte) (m mail, err error) {
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("mail that can't be read: %w", err)
	}
	return m, nil
}
