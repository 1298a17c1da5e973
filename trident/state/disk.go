package state

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Identity says whose values a file has.
type Identity struct {
	Topology, State       string
	Partition, Partitions int
}

// Limits of what is kept in memory until it is written to the file: keys, and bytes of keys and values. A write is one transaction, synced. A batch that has more is
// written by itself.
const (
	maxDirty      = 16 << 10
	maxDirtyBytes = 4 << 20
)

// OpenDisk returns a store that keeps its values in a bbolt file, for a state that is larger than memory; the file is made when it is missing. Changes are written
// many batches at a time, so after a crash the file is behind, and its Point says from where the log has to be read.
//
// A file of another topology or state, and one that is damaged, is a [DamagedError]: all of it is in the log, so the caller may remove it and open again.
// One of another partition or number of partitions is of no more use, and is emptied. The whole file is read and checked here: one that has lost or changed anything
// is never used.
func OpenDisk(path string, of Identity) (Store, error) {
	d := &disk{path: path, of: of, dirty: map[string][]byte{}}
	err := d.guard(d.open)
	if err != nil {
		_ = d.release()
		return nil, fmt.Errorf("opening a state's file: %w", err)
	}
	return d, nil
}

type disk struct {
	path string
	of   Identity
	file *os.File
	db   *bbolt.DB

	read   *bbolt.Tx     // what Get reads by; open but while something is written
	values *bbolt.Bucket // read's

	point      Point             // with dirty
	size       tally             // with dirty
	origin     uint64            // the file's: a store that has been filled is written at once, or a crash would have it filled again
	dirty      map[string][]byte // changes that are not in the file; nil is deleted
	dirtyBytes int
	scratch    []byte
	failed     error // all that comes after it fails
}

// tally is what a store has: how many keys and bytes, and the XOR of all entries' checksums.
type tally struct {
	keys, bytes int64
	digest      uint64
}

const lockTimeout = time.Second

func (d *disk) open() (err error) {
	d.db, err = bbolt.Open(d.path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoStatistics: true, OpenFile: d.openFile})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s: another process has it open; if it is a worker that is being replaced, it has to end first: %w", d.path, err)
	case errors.As(err, new(syscall.Errno)):
		return err // of the system
	case err != nil:
		return d.damaged("", "it is not a state's file: "+err.Error())
	}
	if err := d.whole(); err != nil {
		return err
	}
	if err := d.prepare(); err != nil {
		return err
	}
	if err := d.begin(); err != nil {
		return err
	}
	return d.verify()
}

// openFile keeps the file, for when bbolt panics while it opens: then it does not close it. (The lock stays with the mapping, until the file is removed.)
func (d *disk) openFile(path string, flag int, mode os.FileMode) (f *os.File, err error) {
	d.file, err = os.OpenFile(path, flag, mode)
	return d.file, err
}

// whole finds a file that has been cut short: to read beyond its end would kill the process.
func (d *disk) whole() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	return d.db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > info.Size() {
			return d.damaged("", fmt.Sprintf("it has %d bytes and should have %d", info.Size(), tx.Size()))
		}
		return nil
	})
}

// begin lets Get read what the file has now.
func (d *disk) begin() (err error) {
	if d.read, err = d.db.Begin(false); err != nil {
		return err
	}
	d.values = d.read.Bucket(valuesBucket)
	return nil
}

func (d *disk) end() {
	if d.read != nil {
		_ = d.read.Rollback()
		d.read, d.values = nil, nil
	}
}

// guard runs f. On pages that make no sense bbolt panics, or reads where nothing is mapped.
func (d *disk) guard(f func() error) (err error) {
	if d.failed != nil {
		return d.failed
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = d.damaged("", fmt.Sprint(r))
		}
		d.failed = err
	}()
	return f()
}

func (d *disk) damaged(key, reason string) error {
	return &DamagedError{State: d.of.State, Path: d.path, Key: short(key), Reason: reason, Remedy: "remove the file: all of it is in the log, from which it is made anew"}
}

func (d *disk) Get(key string) (value []byte, ok bool, err error) {
	if d.failed != nil {
		return nil, false, d.failed
	}
	if value, ok := d.dirty[key]; ok {
		return value, value != nil, nil
	}
	err = d.guard(func() error {
		value, ok, err = d.stored(key)
		return err
	})
	return value, ok, err
}

// stored returns what the file has of a key.
func (d *disk) stored(key string) ([]byte, bool, error) {
	d.scratch = appendPlace(d.scratch[:0], key)
	entry := d.values.Get(d.scratch)
	if entry == nil {
		return nil, false, nil
	}
	value, err := d.valueOf(key, entry)
	return value, err == nil, err
}

func (d *disk) Apply(to Point, puts iter.Seq2[string, []byte]) error {
	return d.guard(func() error {
		for key, value := range puts {
			if err := d.put(key, value); err != nil {
				return err
			}
		}
		d.point = to
		if len(d.dirty) < maxDirty && d.dirtyBytes < maxDirtyBytes && to.Origin == d.origin {
			return nil
		}
		return d.flush()
	})
}

func (d *disk) put(key string, value []byte) error {
	old, known := d.dirty[key]
	exists := old != nil
	if !known {
		var err error
		if old, exists, err = d.stored(key); err != nil {
			return err
		}
	}
	d.size.move(key, old, exists, value)
	if !known {
		key, old = strings.Clone(key), nil
		d.dirtyBytes += len(key)
	}
	d.dirtyBytes += len(value) - len(old)
	if value != nil {
		value = renew(old, value)
	}
	d.dirty[key] = value
	return nil
}

// move counts that a key has a value in the place of another.
func (t *tally) move(key string, old []byte, exists bool, value []byte) {
	if exists {
		t.keys--
		t.bytes -= int64(len(key) + len(old))
		t.digest ^= checksum(key, old)
	}
	if value != nil {
		t.keys++
		t.bytes += int64(len(key) + len(value))
		t.digest ^= checksum(key, value)
	}
}

func (d *disk) Slice(slice int, f func(key string, value []byte) bool) error {
	return d.guard(func() error {
		if err := d.flush(); err != nil {
			return err
		}
		c := d.values.Cursor()
		for place, entry := c.Seek([]byte{byte(slice)}); place != nil && int(place[0]) == slice; place, entry = c.Next() {
			key := string(place[1:])
			value, err := d.valueOf(key, entry)
			if err != nil {
				return err
			}
			if !f(key, value) {
				return nil
			}
		}
		return nil
	})
}

func (d *disk) Point() Point { return d.point }

func (d *disk) Size() (int, int64) { return int(d.size.keys), d.size.bytes }

func (d *disk) Reset() error {
	return d.guard(func() error {
		d.forget()
		d.end()
		d.point, d.size, d.origin = Point{}, tally{}, 0
		if err := d.db.Update(d.empty); err != nil {
			return err
		}
		return d.begin()
	})
}

func (d *disk) forget() {
	clear(d.dirty)
	d.dirtyBytes = 0
}

// flush writes what is dirty, and the point.
func (d *disk) flush() error {
	if len(d.dirty) == 0 && d.point.Origin == d.origin {
		return nil
	}
	d.end()
	if err := d.db.Update(d.write); err != nil {
		return err
	}
	d.forget()
	d.origin = d.point.Origin
	return d.begin()
}

// write goes through the places in order: bbolt splits a page only at the end, and to insert in the middle of one that has grown moves all that comes after.
func (d *disk) write(tx *bbolt.Tx) error {
	places := make([]string, 0, len(d.dirty))
	for key := range d.dirty {
		places = append(places, string(appendPlace(nil, key)))
	}
	slices.Sort(places)
	values := tx.Bucket(valuesBucket)
	for _, place := range places {
		key := place[1:]
		if err := writeEntry(values, []byte(place), key, d.dirty[key]); err != nil {
			return err
		}
	}
	return d.writeHead(tx)
}

func (d *disk) Close() error {
	if d.db == nil {
		return nil
	}
	err := d.guard(func() error {
		d.end()
		return d.db.Update(d.write)
	})
	if e := d.release(); err == nil {
		err = e
	}
	if d.failed == nil {
		d.failed = errors.New("the state's file is closed")
	}
	return err
}

func (d *disk) release() error {
	if d.db == nil {
		if d.file != nil {
			_ = d.file.Close() // bbolt may have closed it
		}
		return nil
	}
	d.end()
	err := d.db.Close()
	d.db = nil
	return err
}
