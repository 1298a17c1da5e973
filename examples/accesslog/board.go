package main

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// rules say when requests are alerted on.
type rules struct {
	window  time.Duration // at least a second
	errors  threshold     // of requests answered with 5xx
	slow    threshold     // of requests that took longer than limit; fire 0.01 is "the p99 is above it"
	limit   time.Duration
	atLeast int64 // requests in the window without which nothing fires
	paths   int   // how many paths are told apart
}

// The kinds of alerts.
const (
	kindErrors = "errors"
	kindSlow   = "slow"
)

// Alert is a change of one path's state: what "rates" emits and "print" reads.
type Alert struct {
	Path   string    `gale:"path"`
	Kind   string    `gale:"kind"`
	Firing bool      `gale:"firing"` // or else resolved
	Bad    int64     `gale:"bad"`    // requests that failed or were slow
	Of     int64     `gale:"of"`     // requests that could be judged
	At     time.Time `gale:"at"`     // by the log's clock
}

// board has the state of each path. It is pure: it is told the time of day.
//
// Windows go by the time in the log, so that a log that comes late or in bursts is judged as
// it would have been at the time. Only silence is told by the time of day.
type board struct {
	rules  rules
	paths  map[string]*path // at most rules.paths
	other  *path            // all further ones together
	newest time.Time        // in the log
}

// path is the state of one path.
type path struct {
	name         string
	window       window
	errors, slow alarm
	heard        time.Time // when its last request was counted, by the time of day
	last         time.Time // the newest of its requests, by the log
}

// Why a request is left out.
var (
	errLate   = errors.New("it is older than the window")
	errFuture = errors.New("it is from the future by more than the window")
)

// newBoard returns a board that counts the paths for which there is no room under a name of their own.
func newBoard(r rules, other string) *board {
	return &board{rules: r, paths: map[string]*path{}, other: newPath(other, r)}
}

func newPath(name string, r rules) *path { return &path{name: name, window: newWindow(r.window)} }

// add counts a request, read at now, and returns what that changes; or errLate or errFuture. One
// line with a mad time must not make all others late.
func (b *board) add(r Request, now time.Time) ([]Alert, error) {
	if r.At.After(now.Add(b.rules.window)) {
		return nil, errFuture
	}
	if r.At.After(b.newest) {
		b.newest = r.At
	}
	p := b.path(r.Path)
	p.window.advance(b.newest)
	if !p.window.add(r.At, b.rules.tally(r)) {
		return nil, errLate
	}
	p.heard = now
	if r.At.After(p.last) {
		p.last = r.At
	}
	return p.judge(b.rules, b.newest, nil), nil
}

func (r rules) tally(q Request) tally {
	t := tally{requests: 1}
	if q.failed() {
		t.failed = 1
	}
	if q.Timed {
		t.timed = 1
	}
	if q.Timed && q.Duration > r.limit {
		t.slow = 1
	}
	return t
}

// path returns the state of the path of the name.
func (b *board) path(name string) *path {
	if p := b.paths[name]; p != nil {
		return p
	}
	if len(b.paths) >= b.rules.paths {
		return b.other
	}
	name = strings.Clone(name) // it is part of its line's memory, and more
	p := newPath(name, b.rules)
	b.paths[name] = p
	return p
}

// crowded reports whether the path is counted with others.
func (b *board) crowded(name string) bool {
	return b.paths[name] == nil && len(b.paths) >= b.rules.paths
}

// tick lets the time pass for paths without requests, returns what that changes, in the order
// of the paths, and forgets the paths of which nothing is left.
func (b *board) tick(now time.Time) (changes []Alert) {
	for name, p := range b.paths {
		changes = b.settle(p, now, changes)
		if p.window.sum.requests == 0 {
			delete(b.paths, name) // its alarms are resolved: none fires on an empty window
		}
	}
	changes = b.settle(b.other, now, changes)
	slices.SortStableFunc(changes, func(x, y Alert) int { return strings.Compare(x.Path, y.Path) })
	return changes
}

func (b *board) settle(p *path, now time.Time, changes []Alert) []Alert {
	if now.Sub(p.heard) < b.rules.window {
		p.window.advance(b.newest)
		return p.judge(b.rules, b.newest, changes)
	}
	p.window.clear()
	return p.judge(b.rules, p.last.Add(b.rules.window), changes)
}

// judge appends the changes of the path's alarms.
func (p *path) judge(r rules, at time.Time, changes []Alert) []Alert {
	s := p.window.sum
	if p.errors.judge(s.failed, s.requests, r.atLeast, r.errors) {
		changes = append(changes, Alert{p.name, kindErrors, p.errors.firing, s.failed, s.requests, at})
	}
	if p.slow.judge(s.slow, s.timed, r.atLeast, r.slow) {
		changes = append(changes, Alert{p.name, kindSlow, p.slow.firing, s.slow, s.timed, at})
	}
	return changes
}
