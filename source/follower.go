package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// maxFollowed is how many files a follower has open at most: the one at the path, and
// those that were there before and are not yet read to their end.
const maxFollowed = 16

// follower reads what is appended to the file at a path, whichever file that is. It has
// no clock and no goroutine: its user calls look at intervals, and read until
// there is no more.
//
// A file that was renamed away or deleted goes on to be read, because its writers
// may have it open still: it is let go when a newer file has content, which shows
// that they have moved on, and after linger more looks in which it did not grow, since
// they may not all have moved at once.
type follower struct {
	path   string
	linger int
	tally  *tally
	open   func(path string) (file, error)

	files   []*followed // oldest first, at most maxFollowed
	held    []line      // the unfinished last lines of files that were let go
	trouble string      // the last problem with the path, so that it is reported once
}

// look finds out which file is at the path now, and lets go what is done with.
func (w *follower) look() {
	w.letGo()
	info, err := os.Stat(w.path)
	if err == nil && w.known(info) {
		w.trouble = ""
		return
	}
	if err == nil {
		err = w.adopt()
	}
	w.problem(err)
}

// problem reports what is wrong with the path when it is new. That nothing is
// there is in order: it is being rotated, or is yet to come.
func (w *follower) problem(err error) {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		w.trouble = ""
		return
	}
	if err.Error() != w.trouble {
		w.trouble = err.Error()
		w.tally.addUnreadable(err)
	}
}

// known reports whether the file at the path is one that is followed; it is then the newest.
func (w *follower) known(info fs.FileInfo) bool {
	i := slices.IndexFunc(w.files, func(f *followed) bool { return os.SameFile(f.info, info) })
	if i < 0 {
		return false
	}
	f := w.files[i]
	w.files = append(slices.Delete(w.files, i, i+1), f)
	return true
}

// adopt follows the file at the path from its beginning.
func (w *follower) adopt() error {
	if err := w.makeRoom(); err != nil {
		return err
	}
	f, err := w.open(w.path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil || w.known(info) { // it was replaced since it was looked at
		return errors.Join(err, f.Close())
	}
	w.files = append(w.files, &followed{file: f, info: info, scan: w.tally.newScanner(w.path, false)})
	return nil
}

// makeRoom has room for one more file, if need be by dropping the oldest.
func (w *follower) makeRoom() error {
	if len(w.files) < maxFollowed {
		return nil
	}
	if oldest := w.files[0]; oldest.offset != oldest.size && !oldest.failed {
		return fmt.Errorf("%s: its last %d files are not read to their end yet: the newest is opened after that, and lost if it is rotated away meanwhile", w.path, maxFollowed)
	}
	w.drop(0)
	return nil
}

// read returns new lines, at most a block of them; more says to call it again.
//
// What one writer wrote to one file and then to the next comes in that order, because files are
// checked from the newest to the oldest: once a newer file is seen to have content, its
// writer is done with the older ones, and all of that is seen when they are checked after it.
func (w *follower) read() (lines []line, more bool) {
	if len(w.held) > 0 {
		lines, w.held = w.held, nil
		return lines, true
	}
	f := w.oldestReady()
	if f == nil {
		return nil, false
	}
	lines, truncated, err := f.read()
	if truncated {
		w.tally.truncated.Add(1)
	}
	w.unreadable(err)
	return lines, true
}

func (w *follower) oldestReady() (oldest *followed) {
	for _, f := range slices.Backward(w.files) {
		ready, err := f.check()
		w.unreadable(err)
		if ready {
			oldest = f
		}
	}
	return oldest
}

func (w *follower) unreadable(err error) {
	if err != nil {
		w.tally.addUnreadable(readError(w.path, err))
	}
}

// letGo drops the files that nobody writes to any more.
func (w *follower) letGo() {
	moved := false // a newer file has content
	for i, f := range slices.Backward(w.files) {
		w.unreadable(f.look(moved))
		if f.quiet > w.linger {
			w.drop(i)
		}
		moved = moved || f.size > 0
	}
}

// drop closes a file for good.
func (w *follower) drop(i int) {
	f := w.files[i]
	w.files = slices.Delete(w.files, i, i+1)
	w.held = append(w.held, f.scan.rest()...)
	if lost := f.size - f.offset; lost > 0 {
		w.unreadable(fmt.Errorf("lost the last %d bytes of a rotated file", lost))
	}
	w.closed(f)
}

func (w *follower) closed(f *followed) {
	if err := f.file.Close(); err != nil {
		w.tally.report(err)
	}
}

// close drops everything: what is not read, and unfinished lines.
func (w *follower) close() {
	for _, f := range w.files {
		w.closed(f)
	}
	w.files, w.held = nil, nil
}
