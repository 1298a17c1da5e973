package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The property: whatever happens to the file at a path, every complete line that was in
// it, or in one that was there before, at a poll comes out at that poll, once, in
// order; and of what is unfinished when a file ends, that part.

const (
	modelLinger    = 3
	modelRotations = maxFollowed - 2 // so that none is let go for want of room
)

// content is what one file holds from its beginning or a truncation to the next. Each line
// in it is "<id>-<number>-<pad>$\n", so it can be told from every other from its first bytes.
type content struct {
	id     string
	text   string
	polled int // how much of it was there at the last poll
}

// modelFile is a file that was at the path. The model is its writer.
type modelFile struct {
	handle     *os.File
	now        *content
	seen       bool // it was at the path at a poll, or is followed since
	written    bool // since the last poll
	ever       bool // written
	unfinished int  // the number of the last line begun
	quiet      int  // polls without a write since a newer file had content
	gone       bool // it may have been let go
}

type followerModel struct {
	dir, path string
	follower  *follower
	rig       *rig
	files     []*modelFile // oldest first; at says whether the last is at the path
	at        bool
	rotations int
	contents  int
	numbers   int
	late      map[int]bool // lines begun or finished in a file after a newer one had content
	lines     map[string][]string
	fragments []string
	got       struct {
		lines     map[string][]string
		fragments []string
		last      int
	}
}

func newFollowerModel(t *rapid.T, outer *testing.T, dir string) *followerModel {
	m := &followerModel{dir: dir, path: filepath.Join(dir, "log"), rig: newRig(outer, nil, 0, 1)}
	m.late, m.lines = map[int]bool{}, map[string][]string{}
	m.got.lines = map[string][]string{}
	m.follower = &follower{path: m.path, linger: modelLinger, open: openFollowed}
	m.follower.tally = newTally(m.rig.tc, defaultMaxLine)
	return m
}

func (m *followerModel) newContent() *content {
	m.contents++
	return &content{id: fmt.Sprintf("c%04d", m.contents)}
}

func (m *followerModel) current() *modelFile { return m.files[len(m.files)-1] }

// create puts a new empty file at the path.
func (m *followerModel) create(t *rapid.T) {
	if m.at || m.rotations == modelRotations {
		t.Skip()
	}
	handle, err := os.OpenFile(m.path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	m.files = append(m.files, &modelFile{handle: handle, now: m.newContent()})
	m.at = true
	m.rotations++
}

func (m *followerModel) rename(t *rapid.T) {
	m.need(t)
	require.NoError(t, os.Rename(m.path, filepath.Join(m.dir, "log."+strconv.Itoa(m.rotations))))
	m.at = false
}

func (m *followerModel) remove(t *rapid.T) {
	m.need(t)
	require.NoError(t, os.Remove(m.path))
	m.at = false
}

func (m *followerModel) need(t *rapid.T) {
	if !m.at {
		t.Skip()
	}
}

// write appends whole lines, or finishes one, or begins one.
func (m *followerModel) write(t *rapid.T) {
	m.need(t)
	m.append(t, m.current())
}

// writeLate appends to a file that has been renamed or deleted, while it must still be followed.
func (m *followerModel) writeLate(t *rapid.T) {
	if len(m.files) == 0 {
		t.Skip()
	}
	f := m.files[rapid.IntRange(0, len(m.files)-1).Draw(t, "file")]
	if !f.seen || f.gone {
		t.Skip()
	}
	m.append(t, f)
}

func (m *followerModel) append(t *rapid.T, f *modelFile) {
	var text string
	if f.now.text != "" && !strings.HasSuffix(f.now.text, "\n") {
		text = "$\n"
		m.late[f.unfinished] = m.late[f.unfinished] || m.passed(f, true)
	}
	for range rapid.IntRange(0, 5).Draw(t, "lines") {
		text += m.begin(t, f) + "$\n"
	}
	if rapid.Bool().Draw(t, "unfinished") {
		text += m.begin(t, f)
	}
	_, err := f.handle.WriteString(text)
	require.NoError(t, err)
	f.now.text += text
	f.written, f.ever = f.written || text != "", f.ever || text != ""
}

func (m *followerModel) begin(t *rapid.T, f *modelFile) string {
	m.numbers++
	m.late[m.numbers] = m.passed(f, true)
	f.unfinished = m.numbers
	pad := strings.Repeat(strconv.Itoa(m.numbers), rapid.IntRange(0, 40).Draw(t, "pad"))
	return fmt.Sprintf("%s-%06d-%s", f.now.id, m.numbers, pad)
}

// passed reports whether a newer file than f, that is or will be followed, has content, or
// (ever) has had some.
func (m *followerModel) passed(f *modelFile, ever bool) bool {
	for i := len(m.files) - 1; m.files[i] != f; i-- {
		newer := m.files[i]
		followed := newer.seen || m.at && newer == m.current()
		if followed && (newer.now.text != "" || ever && newer.ever) {
			return true
		}
	}
	return false
}

func (m *followerModel) truncate(t *rapid.T) {
	m.need(t)
	f := m.current()
	require.NoError(t, f.handle.Truncate(0))
	m.end(f)
	f.now = m.newContent()
}

// end says that no more comes of what f holds: its unfinished line is a fragment.
func (m *followerModel) end(f *modelFile) {
	polled := f.now.text[:f.now.polled]
	if rest := polled[strings.LastIndexByte(polled, '\n')+1:]; rest != "" {
		m.fragments = append(m.fragments, rest)
	}
}

func (m *followerModel) poll(t *rapid.T) {
	m.expect()
	m.follower.look()
	for more := true; more; {
		var lines []line
		lines, more = m.follower.read()
		for _, l := range lines {
			m.take(t, l)
		}
	}
	require.Equal(t, m.lines, m.got.lines)
}

// expect moves the model to a poll.
func (m *followerModel) expect() {
	if m.at {
		m.current().seen = true
	}
	for _, f := range m.files {
		if !f.seen {
			continue
		}
		f.now.polled = len(f.now.text)
		f.quiet++
		if f.written || !m.passed(f, false) {
			f.quiet = 0
		}
		f.gone = f.gone || f.quiet >= modelLinger
		f.written = false
		end := strings.LastIndexByte(f.now.text, '\n') + 1
		if end > 0 {
			m.lines[f.now.id] = strings.Split(f.now.text[:end-1], "\n")
		}
	}
}

// take takes a line that came out, and checks that the lines written one after the other
// come in that order.
func (m *followerModel) take(t *rapid.T, l line) {
	if !strings.HasSuffix(l.text, "$") {
		m.got.fragments = append(m.got.fragments, l.text)
		return
	}
	id, number, _ := strings.Cut(l.text, "-")
	n, err := strconv.Atoi(number[:6])
	require.NoError(t, err)
	if !m.late[n] {
		require.Greater(t, n, m.got.last)
		m.got.last = n
	}
	require.EqualValues(t, m.offset(id), l.at)
	m.got.lines[id] = append(m.got.lines[id], l.text)
}

// offset is where the next line of the content begins.
func (m *followerModel) offset(id string) int {
	n := 0
	for _, text := range m.got.lines[id] {
		n += len(text) + 1
	}
	return n
}

// finish writes to a last file, so that all older ones are let go.
func (m *followerModel) finish(t *rapid.T) {
	if m.at {
		m.rename(t)
	}
	m.rotations = 0
	m.create(t)
	_, err := m.current().handle.WriteString("c9999-999999-$\n")
	require.NoError(t, err)
	m.current().now = &content{id: "c9999", text: "c9999-999999-$\n"}
	for range modelLinger + 2 {
		m.poll(t)
	}
	for _, f := range m.files[:len(m.files)-1] {
		m.end(f)
	}
	require.ElementsMatch(t, m.fragments, m.got.fragments)
	require.Len(t, m.follower.files, 1)
	require.Empty(t, m.rig.reports())
}

func (m *followerModel) close(t *rapid.T) {
	m.follower.close()
	for _, f := range m.files {
		require.NoError(t, f.handle.Close())
	}
}

func TestFollowerAgainstTheModel(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		require.NoError(rt, err)
		m := newFollowerModel(rt, t, dir)
		defer m.close(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"create":   m.create,
			"rename":   m.rename,
			"remove":   m.remove,
			"write":    m.write,
			"late":     m.writeLate,
			"truncate": m.truncate,
			"poll":     m.poll,
			"again":    m.poll,
		})
		m.finish(rt)
	})
}
