package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/codec"
	"github.com/galestream/gale/trident/commit"
	"github.com/galestream/gale/trident/state"
	"github.com/stretchr/testify/require"
)

// witness reads the log of a tally while it is written, and looks whether at each moment states and positions are of one piece.
type witness struct {
	t      *testing.T
	g      *ledger
	log    changelog.Log
	parts  map[string]*state.Partition // whole states, made of the log alone
	stores map[string]state.Store
	number codec.Codec[int64]

	next    uint64   // the sequence to read on from
	fence   uint64   // the last that was read
	notes   []string // who has begun attempts, one after the other
	commits []committed

	mu struct {
		sync.Mutex
		committed // the last
		looks     int
		asked     int // values that partitions have answered
		breaches  int
		seen      error // by the last look
	}
	cancel context.CancelFunc
	over   chan struct{}
}

// committed is a commit record.
type committed struct {
	txid, attempt, position, records uint64
}

// watchLog begins to look, until end.
func watchLog(t *testing.T, g *ledger) *witness {
	t.Helper()
	nc, err := cluster.Connect(g.cluster.Apps, "witness", nil)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	w := &witness{t: t, g: g, over: make(chan struct{}), parts: map[string]*state.Partition{}, stores: map[string]state.Store{}}
	w.log, err = changelog.JetStream(t.Context(), nc, g.tally.Name, changelog.Options{})
	require.NoError(t, err)
	w.number, err = codec.For[int64]()
	require.NoError(t, err)
	for _, name := range tallyStates {
		w.stores[name] = state.Memory()
		w.parts[name], err = state.OpenPartition(state.Options{Name: name, Partitions: 1, Log: w.log, Store: w.stores[name], Commit: commit.DecodeNames})
		require.NoError(t, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() {
		defer close(w.over)
		w.run(ctx)
	}()
	t.Cleanup(func() {
		w.stop()
		require.NoError(t, w.log.Close())
	})
	return w
}

func (w *witness) stop() {
	w.cancel()
	<-w.over
}

// lookPause is how long after a look the next one begins.
const lookPause = 100 * time.Millisecond

func (w *witness) run(ctx context.Context) {
	tick := time.NewTicker(lookPause)
	defer tick.Stop()
	for ctx.Err() == nil {
		w.note(w.look(context.WithoutCancel(ctx))) // one that is cut off would say of what it reads that it is damaged
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// broken is the error of what must never be.
type broken struct{ error }

func breach(format string, args ...any) error { return broken{fmt.Errorf(format, args...)} }

// maxBreaches is how many are told of: more of them say nothing new.
const maxBreaches = 5

// note keeps in mind what a look has found. NATS may be away.
func (w *witness) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if mustNotBe(err) {
		if w.mu.breaches++; w.mu.breaches <= maxBreaches {
			w.t.Errorf("the log of %s: %v", w.g.tally.Name, err)
		}
	}
	if w.mu.seen = err; err == nil {
		w.mu.looks++
	}
}

// mustNotBe reports whether an error is one that no fault makes right: what is damaged once has been damaged, also when a later look finds it whole.
func mustNotBe(err error) bool {
	log, kept := new(changelog.DamagedError), new(state.DamagedError)
	return errors.As(err, &broken{}) || errors.As(err, &log) || errors.As(err, &kept)
}

// lookTimeout bounds a look: NATS may be away.
const lookTimeout = 5 * time.Second

// look reads what is new in the log, and compares the states as they are now.
func (w *witness) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	for _, name := range tallyStates {
		if _, err := w.parts[name].Recover(ctx); err != nil {
			return err
		}
	}
	asked, err := w.ask(ctx)
	if err := errors.Join(err, w.read(ctx)); err != nil {
		return err
	}
	for _, name := range tallyStates {
		if err := w.compare(name); err != nil {
			return err
		}
	}
	return w.judge(asked)
}

// read takes in the log's records.
func (w *witness) read(ctx context.Context) error {
	err := w.log.Read(ctx, w.next, 0, w.take)
	if errors.Is(err, changelog.ErrGone) {
		w.next = 0 // it was trimmed: what is committed is not
		return w.log.Read(ctx, 0, 0, w.take)
	}
	return err
}

func (w *witness) take(r changelog.Record) (err error) {
	if r.Sequence < w.next {
		return nil
	}
	if w.next = r.Sequence + 1; r.Kind == changelog.Fence {
		return w.begun(r)
	}
	if w.fence > 0 && r.Attempt != w.fence {
		err = breach("the %v record %d is of attempt %d, and the log was fenced at %d: a writer that was replaced has written", r.Kind, r.Sequence, r.Attempt, w.fence)
	}
	if r.Kind == changelog.Commit {
		err = errors.Join(err, w.commit(r))
	}
	return err
}

// begun takes a fence in: a coordinator that was replaced must not come back.
func (w *witness) begun(r changelog.Record) error {
	w.fence = r.Sequence
	note := string(r.Payload)
	if at := slices.Index(w.notes, note); at >= 0 && at != len(w.notes)-1 {
		return breach("attempt %d was begun by %q, which was replaced before", r.Sequence, note)
	}
	if len(w.notes) == 0 || w.notes[len(w.notes)-1] != note {
		w.notes = append(w.notes, note)
	}
	return nil
}

func (w *witness) commit(r changelog.Record) error {
	c, err := commit.DecodeRecord(r.Payload)
	if err != nil {
		return breach("the commit record %d: %w", r.Sequence, err)
	}
	now := committed{txid: uint64(c.TxID), attempt: uint64(c.Attempt), records: c.Records}
	for name, text := range c.Positions {
		if now.position, err = strconv.ParseUint(string(text), 10, 64); err != nil || len(c.Positions) != 1 {
			return breach("the commit record %d has the position %q of %q, one of %d", r.Sequence, text, name, len(c.Positions))
		}
	}
	last := w.latest()
	w.commits = append(w.commits, now)
	w.mu.Lock()
	w.mu.committed = now
	w.mu.Unlock()
	switch {
	case now.attempt != r.Attempt:
		return breach("the commit record %d is of attempt %d, and says %d", r.Sequence, r.Attempt, now.attempt)
	case now.txid <= last.txid || now.position < last.position || now.attempt < last.attempt:
		return breach("the commit record %d, %+v, comes after %+v", r.Sequence, now, last)
	case now.records != now.position: // each message is a record
		return breach("the commit record %d has %d records, and its position is %d", r.Sequence, now.records, now.position)
	}
	return nil
}

func (w *witness) latest() committed {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mu.committed
}

// of returns the commit of a batch.
func (w *witness) of(txid uint64) (committed, error) {
	if txid == 0 {
		return committed{}, nil
	}
	i, ok := slices.BinarySearchFunc(w.commits, txid, func(c committed, txid uint64) int { return int(c.txid) - int(txid) }) //nolint:gosec // both are small
	if !ok {
		return committed{}, breach("there is a state of batch %d, and no such commit", txid)
	}
	return w.commits[i], nil
}

// compare compares a whole state with the numbers up to the position that was committed with it.
func (w *witness) compare(name string) error {
	c, err := w.of(w.parts[name].TxID())
	if err != nil {
		return err
	}
	if c.position > w.g.book.last() {
		return nil // the book comes later
	}
	got := map[string]string{}
	for slice := range state.Slices {
		var bad error
		err := w.stores[name].Slice(slice, func(key string, value []byte) bool {
			x, rest, err := w.number.Decode(value)
			if err != nil || len(rest) > 0 {
				bad = breach("state %s: key %q: %x is not a number: %w", name, key, value, err)
			}
			got[key] = strconv.FormatInt(x, 10)
			return bad == nil
		})
		if err := errors.Join(err, bad); err != nil {
			return err
		}
	}
	if want := w.g.book.state(name, c.position); !maps.Equal(got, want) {
		removeEqual(got, want)
		return breach("state %s after batch %d is %v; the numbers up to the position %d make %v", name, c.txid, got, c.position, want)
	}
	return nil
}

// removeEqual leaves what differs.
func removeEqual(a, b map[string]string) {
	for key, x := range a {
		if y, ok := b[key]; ok && x == y {
			delete(a, key)
			delete(b, key)
		}
	}
}

// answer is what a partition has said of a key.
type answer struct {
	state, key, value string
	txid              uint64
}

// ask asks the partitions for a value of each state. They may be away.
func (w *witness) ask(ctx context.Context) (answers []answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, name := range tallyStates {
		key := w.keyOf(name)
		v, err := w.g.cluster.Client.State(ctx, w.g.tally.Name, name, key)
		if err != nil {
			continue
		}
		answers = append(answers, answer{name, key, string(v.Value), v.TxID})
	}
	return answers, nil
}

// keyOf returns the key that a state is asked for: one after the other, and of windows the last that is known to have closed.
func (w *witness) keyOf(state string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := "k" + strconv.Itoa(w.mu.looks%tallyKeys)
	if state == tallyResults {
		return windowKey(key, int(w.mu.position/tallySpan)-1) //nolint:gosec // it is small
	}
	return key
}

// judge compares what partitions have said with what was committed at their batches.
func (w *witness) judge(answers []answer) error {
	for _, a := range answers {
		c, err := w.of(a.txid)
		if err != nil {
			return fmt.Errorf("state %s, asked for %s: %w", a.state, a.key, err)
		}
		if c.position > w.g.book.last() {
			continue
		}
		if want := w.g.book.state(a.state, c.position)[a.key]; a.value != want {
			return breach("state %s: asked for %s, its partition says %s after batch %d; the numbers up to the position %d make %s", a.state, a.key, a.value, a.txid, c.position, want)
		}
		w.mu.Lock()
		w.mu.asked++
		w.mu.Unlock()
	}
	return nil
}

// awaitCommits waits until there are so many more commits: no batch hangs.
func (w *witness) awaitCommits(n int) {
	w.t.Helper()
	last := w.latest().txid
	rig.Await(w.t, fmt.Sprintf("after batch %d, %d more are committed", last, n), func() bool { return w.latest().txid >= last+uint64(n) })
}

// awaitPosition waits until all numbers through the position are committed.
func (w *witness) awaitPosition(last uint64) {
	w.t.Helper()
	rig.Await(w.t, fmt.Sprintf("the position %d is committed", last), func() bool { return w.latest().position == last })
}

// end looks for the last time, and fails the test when it has not come to enough looks.
func (w *witness) end() {
	w.t.Helper()
	rig.Await(w.t, "the states are compared again", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.mu.seen == nil
	})
	w.stop()
	require.NoError(w.t, w.look(w.t.Context()))
	c := w.latest()
	w.t.Logf("%d batches were committed, in %d attempts at least, by %d coordinators; the states were compared %d times, and asked for %d values", c.txid, w.attempts(), len(w.notes), w.mu.looks, w.mu.asked)
	require.Positive(w.t, w.mu.looks, "how often states and positions were compared")
	require.Positive(w.t, w.mu.asked, "values that partitions have said while numbers came")
}

// attempts counts those that have committed something.
func (w *witness) attempts() int {
	of := map[uint64]bool{}
	for _, c := range w.commits {
		of[c.attempt] = true
	}
	return len(of)
}
