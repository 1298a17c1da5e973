package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Lease timing. A standby leads at most LeaseTTL and a second (the server looks for expired entries once a second) after the leader's last renewal.
const (
	LeaseTTL     = 2 * time.Second
	LeaseRenewal = 500 * time.Millisecond
	LeaseMargin  = 500 * time.Millisecond // how long before its lease can end a leader stops, by its own clock
)

// Store is the bucket, for reading.
type Store struct {
	js jetstream.JetStream
	kv jetstream.KeyValue
}

// maxPrograms is how many bytes all programs together may have. NATS reserves them.
const maxPrograms = 2 << 30

// CreateStore makes the buckets if they are not there, and opens them. replicas is 1, or how many servers of a NATS cluster keep each
// record. Only Nimbus calls it.
func CreateStore(ctx context.Context, nc *nats.Conn, replicas int) (*Store, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: Bucket, Description: "Gale: topologies, assignments, supervisors", History: 1, Replicas: replicas, MaxValueSize: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("making the bucket %q: %w", Bucket, err)
	}
	if _, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: LeaseBucket, Description: "Gale: who leads", History: 1, Replicas: replicas, TTL: LeaseTTL}); err != nil {
		return nil, fmt.Errorf("making the bucket %q: %w", LeaseBucket, err)
	}
	if _, err := js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: ProgramBucket, Description: "Gale: programs by SHA-256", Replicas: replicas, MaxBytes: maxPrograms}); err != nil {
		return nil, fmt.Errorf("making the object store %q: %w", ProgramBucket, err)
	}
	return &Store{js: js, kv: kv}, nil
}

// OpenStore opens the bucket that a Nimbus has made.
func OpenStore(ctx context.Context, nc *nats.Conn) (*Store, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	kv, err := js.KeyValue(ctx, Bucket)
	if err != nil {
		return nil, fmt.Errorf("opening the bucket %q: %w", Bucket, err)
	}
	return &Store{js: js, kv: kv}, nil
}

// KV is the bucket itself, to watch and list. Nobody writes to it but by a [Writer].
func (s *Store) KV() jetstream.KeyValue { return s.kv }

// ErrNoRecord says that there is no record of the key.
var ErrNoRecord = errors.New("there is no such record")

// Get reads the record of the key into into, and returns its revision. It may be a little old. [ErrNoRecord] says that there is none, a
// [*RecordError] that it can't be read.
func (s *Store) Get(ctx context.Context, key string, into any) (revision uint64, err error) {
	e, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrKeyDeleted) {
		return 0, ErrNoRecord
	}
	if err != nil {
		return 0, fmt.Errorf("reading %q: %w", key, err)
	}
	return e.Revision(), Decode(key, e.Value(), into)
}

// RecordError says that a record can't be read.
type RecordError struct {
	Key string
	Err error
}

// Error names the key.
func (e *RecordError) Error() string {
	return fmt.Sprintf("the record %q can't be read: %v", e.Key, e.Err)
}

// Unwrap returns why.
func (e *RecordError) Unwrap() error { return e.Err }

// Decode reads a record. A failure is a [*RecordError].
func Decode(key string, value []byte, into any) error {
	if err := json.Unmarshal(value, into); err != nil {
		return &RecordError{key, err}
	}
	return nil
}

// ErrFenced says that another Nimbus leads by now: nothing was written, and nothing ever will be by this Writer.
var ErrFenced = errors.New("another Nimbus leads")

// Writer writes the bucket as the leader of an epoch. Each write bears the condition, which the server checks, that
// the epoch's key was not written since. It is for one goroutine at a time.
type Writer struct {
	s     *Store
	epoch uint64
}

// TakeOver begins an epoch: from here on the writes of all former leaders are refused. The caller holds the lease.
// leader is who it is.
func (s *Store) TakeOver(ctx context.Context, leader string) (*Writer, error) {
	revision, err := s.kv.Put(ctx, EpochKey, []byte(leader))
	if err != nil {
		return nil, fmt.Errorf("beginning an epoch: %w", err)
	}
	return &Writer{s, revision}, nil
}

// Epoch returns the epoch, which goes up from leader to leader.
func (w *Writer) Epoch() uint64 { return w.epoch }

// Put writes a record. [ErrFenced] says that it was refused for good. After any other error the outcome is unknown.
func (w *Writer) Put(ctx context.Context, key string, record any) (revision uint64, err error) {
	value, err := json.Marshal(record)
	if err != nil {
		return 0, fmt.Errorf("writing %q: %w", key, err)
	}
	return w.publish(ctx, key, &nats.Msg{Subject: KeySubject(key), Data: value})
}

// Delete removes a record, which need not be there. The errors are those of Put.
func (w *Writer) Delete(ctx context.Context, key string) error {
	m := &nats.Msg{Subject: KeySubject(key), Header: nats.Header{}}
	m.Header.Set("KV-Operation", "PURGE")
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	_, err := w.publish(ctx, key, m)
	return err
}

func (w *Writer) publish(ctx context.Context, key string, m *nats.Msg) (uint64, error) {
	for {
		ack, err := w.s.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequenceForSubject(w.epoch, KeySubject(EpochKey)))
		switch {
		case err == nil:
			return ack.Sequence, nil
		case apiCode(err) == wrongLastSequence:
			return 0, ErrFenced
		case apiCode(err) != conditionInFlight || pause(ctx, inFlightPause) != nil:
			return 0, fmt.Errorf("writing %q: %w", key, err)
		}
	}
}

// inFlightPause is between attempts of a write whose condition a stream with replicas can't check yet: another write on the same
// condition is under way, though it may be our own whose answer was lost.
const inFlightPause = 20 * time.Millisecond

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The codes of the JetStream API that say that a condition on a sequence did not hold, or, of a stream with replicas, that it
// can't be checked now because another write on the same condition is under way.
const (
	wrongLastSequence jetstream.ErrorCode = 10071
	conditionInFlight jetstream.ErrorCode = 10164
)

// IsConflict reports whether a write was refused because its condition did not hold, or could not be checked now.
func IsConflict(err error) bool {
	code := apiCode(err)
	return code == wrongLastSequence || code == conditionInFlight || errors.Is(err, jetstream.ErrKeyExists)
}

func apiCode(err error) jetstream.ErrorCode {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode
	}
	return 0
}
