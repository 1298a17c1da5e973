package nimbus

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// abandoned puts into the store what an upload leaves whose client is killed, and what hostile clients could write.
func (r *rig) abandoned() (subjects []string) {
	const half = cluster.ProgramChunks + "halfOfAProgram"
	another := cluster.ProgramEntries + base64.URLEncoding.EncodeToString([]byte("somebody"))
	for _, m := range []struct{ subject, text string }{
		{half, strings.Repeat("x", 128<<10)}, {half, strings.Repeat("y", 128<<10)},
		{cluster.ProgramEntries + "MTIz", "123"},
		{another, `{"name":"another"}`},
		{cluster.ProgramEntries + "zzz", `{"name":"../../etc/passwd"}`},
		{cluster.ProgramEntries + "bm8ganNvbg==", "no JSON"}, // as the last one: who lists entries waits for it
	} {
		_, err := r.js.Publish(r.t.Context(), m.subject, []byte(m.text))
		require.NoError(r.t, err)
		subjects = append(subjects, m.subject)
	}
	return subjects
}

func (r *rig) shelf(age time.Duration) shelf {
	s, err := r.js.Stream(r.t.Context(), cluster.ProgramStream)
	require.NoError(r.t, err)
	return shelf{s, age}
}

// messages returns how many messages the store has on each subject.
func (r *rig) messages() map[string]uint64 {
	info, err := r.shelf(0).stream.Info(r.t.Context(), jetstream.WithSubjectFilter(">"))
	require.NoError(r.t, err)
	return info.State.Subjects
}

func TestS17WhatIsLeftOfUploadsIsCollected(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	program, gone := r.upload("program"), r.upload("gone")
	require.NoError(t, r.programs().Delete(t.Context(), gone.Digest))
	left := r.abandoned()

	var old []string
	discard := func(name string, _ time.Duration) { old = append(old, name) }
	before := r.messages()
	require.NoError(t, r.shelf(time.Hour).tidy(t.Context(), discard))
	require.Equal(t, before, r.messages(), "an upload may be under way")
	require.Empty(t, old)

	require.NoError(t, r.shelf(0).tidy(t.Context(), discard))
	after := r.messages()
	for _, subject := range left {
		require.NotContains(t, after, subject)
	}
	require.Len(t, after, 2, "the entry of the program and its chunk: %v", after)
	require.Equal(t, []string{program.Digest}, old)
	text, err := r.programs().GetString(t.Context(), program.Digest)
	require.NoError(t, err)
	require.Equal(t, "program", text)
}

// A leader with such a store does what it is asked, and removes what nobody runs.
func TestS17NoEntryKeepsALeaderFromCollecting(t *testing.T) {
	r := newRig(t)
	n := r.newNimbus("n1", func(o *Options) { o.CollectAfter = time.Nanosecond })
	b, err := n.open(t.Context(), r.connect())
	require.NoError(t, err)
	unused := r.upload("unused")
	r.abandoned()
	l, err := newLeader(t.Context(), n, b)
	require.NoError(t, err)
	defer l.close(nil)
	require.NoError(t, l.collect())
	require.False(t, r.stored(unused))
}

// A program is not there as long as some of it isn't.
func TestS17AnEntryWithoutItsChunksIsNoProgram(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 8)
	q := r.request("words")
	info, err := r.programs().GetInfo(t.Context(), q.Program.Digest)
	require.NoError(t, err)
	require.NoError(t, r.shelf(0).stream.Purge(t.Context(), jetstream.WithPurgeSubject(cluster.ProgramChunks+info.NUID)))
	require.Contains(t, r.refused(cluster.Invalid, cluster.VerbSubmit, q).Message, "not uploaded whole")
	require.False(t, r.stored(q.Program), "the next one uploads it again")
	require.Zero(t, m.workers())
	r.submit("words")
}

// What doesn't fit is refused, and what was there stays as it was.
func TestS17AFullStoreHarmsNothingElse(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8)
	r.submit("words")
	s := r.shelf(0)
	c := s.stream.CachedInfo().Config
	c.MaxBytes = 64 << 10
	_, err := r.js.UpdateStream(t.Context(), c)
	require.NoError(t, err)
	_, err = r.programs().Put(t.Context(), jetstream.ObjectMeta{Name: strings.Repeat("a", 64)}, bytes.NewReader(make([]byte, 1<<20)))
	require.Error(t, err)

	r.awaitState("words", "running", 1)
	require.True(t, r.stored(cluster.Program{Digest: r.describe("words").Digest}))
	q := &cluster.SubmitRequest{Definition: words("other"), Program: cluster.Program{Digest: strings.Repeat("a", 64), Size: 1 << 20}}
	require.Contains(t, r.refused(cluster.Invalid, cluster.VerbSubmit, q).Message, "not uploaded")
	var g cluster.RebalanceResponse
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 3}, &g)
	r.awaitState("words", "running", g.Generation)
}
