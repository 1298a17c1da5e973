package supervisor

import (
	"fmt"
	"time"
)

// state is what a slot is at. Nimbus sees it, as cluster.Process.State.
type state string

// The states of a slot. What moves it from one to the next is below.
const (
	fetching state = "fetching" // the program and credentials are being had
	starting state = "starting" // the process was started or adopted, and gave no sign of life yet
	running  state = "running"  // it gives signs of life
	backoff  state = "backoff"  // it has crashed, and waits for its next life
	resting  state = "resting"  // it has ended in order, and waits to be removed; Nimbus is told "stopping"
	stopping state = "stopping" // it is being stopped
	gone     state = "gone"     // there is no process any more, and there will be none
)

// shown is what others are told.
func (s state) shown() string {
	if s == resting {
		s = stopping
	}
	return string(s)
}

// action is what a slot wants done.
type action int

const (
	nothing action = iota
	prepare        // have the program and credentials, then tell prepared
	cancel         // give preparing up, then tell prepared
	launch         // start a process of the next life, then tell launched
	term           // SIGTERM to the process group
	kill           // SIGKILL to the process group
)

// exit is how a process has ended.
type exit struct {
	status string // "exit status 2", "signal: killed", ...
	order  bool   // it ended in order: with status 0, or it said so
}

// slot decides what is done with one worker. It is a pure function of the events that it is told, in the order of
// their times, and does nothing itself: each method returns what is to be done.
//
// Invariant: alive exactly while there is a process; preparing exactly between prepare and prepared.
type slot struct {
	timing    *Timing
	state     state
	since     time.Time // that it is in its state
	alive     bool
	preparing bool
	unwanted  bool
	born      time.Time // when the process was started
	heard     time.Time // its last sign of life; before the first, when it was started or adopted
	looked    time.Time // the last tick
	due       time.Time // fetching, backoff, resting: the next try; stopping: when it is killed, and again
	tries     int       // failures to prepare in a row
	crashes   int       // in a row, without a steady life between
	reason    string    // why it is being killed; empty when it isn't
	err       string    // why it can't be started
}

// killAgain is how long after a SIGKILL another is sent if the process is still there.
const killAgain = time.Second

func newSlot(t *Timing, now time.Time) slot {
	return slot{timing: t, state: fetching, since: now, looked: now, due: now}
}

// adopted begins with a process that is there already.
func (s *slot) adopted(now, born time.Time) {
	s.alive, s.born, s.heard = true, born, now
	s.enter(now, starting)
}

func (s *slot) enter(now time.Time, to state) {
	s.state, s.since = to, now
}

// prepared: the program and the credentials are there, or err says why not.
func (s *slot) prepared(now time.Time, err error) action {
	s.preparing = false
	switch {
	case s.unwanted:
		s.enter(now, gone)
		return nothing
	case err != nil:
		s.err = err.Error()
		s.due = now.Add(s.delay(s.tries))
		s.tries++
		return nothing
	}
	s.err, s.tries = "", 0
	return launch
}

// launched: the process was started, or err says why not.
func (s *slot) launched(now time.Time, err error) action {
	if err != nil {
		s.err = err.Error()
		s.retreat(now, s.delay(s.crashes))
		return nothing
	}
	s.err, s.reason = "", ""
	s.alive, s.born, s.heard = true, now, now
	s.enter(now, starting)
	return nothing
}

// sign: the worker gave a sign of life.
func (s *slot) sign(now time.Time) {
	s.heard = now
	if s.state == starting {
		s.enter(now, running)
	}
}

// over: the worker uses more memory than it may, or there is another reason to kill it.
func (s *slot) over(now time.Time, reason string) action {
	if !s.alive || s.unwanted || s.reason != "" {
		return nothing
	}
	s.reason = reason
	s.due = now.Add(killAgain)
	return kill
}

// exited: the process has ended. crashed reports whether it was to go on; reason says why it didn't.
func (s *slot) exited(now time.Time, e exit) (do action, crashed bool, reason string) {
	s.alive = false
	switch {
	case s.unwanted:
		s.enter(now, gone)
		return nothing, false, ""
	case e.order && s.reason == "":
		s.rest(now)
		return nothing, false, ""
	}
	reason = e.status
	if s.reason != "" {
		reason = s.reason
	}
	return s.crash(now), true, reason
}

// rest waits for the worker's removal after it has ended in order.
func (s *slot) rest(now time.Time) {
	s.due = now.Add(s.timing.BackoffMax)
	s.enter(now, resting)
}

func (s *slot) crash(now time.Time) action {
	if now.Sub(s.born) >= s.timing.SteadyAfter {
		s.crashes = 0
	}
	if s.crashes == 0 {
		s.crashes = 1
		return s.again(now)
	}
	s.retreat(now, s.delay(s.crashes-1))
	return nothing
}

func (s *slot) retreat(now time.Time, delay time.Duration) {
	s.crashes++
	s.due = now.Add(delay)
	s.enter(now, backoff)
}

func (s *slot) again(now time.Time) action {
	s.preparing = true
	if s.state != fetching {
		s.enter(now, fetching)
	}
	return prepare
}

// delay doubles from BackoffMin to BackoffMax.
func (s *slot) delay(failures int) time.Duration {
	return min(s.timing.BackoffMin<<min(failures, 16), s.timing.BackoffMax)
}

// stop: the worker is not wanted any more.
func (s *slot) stop(now time.Time) action {
	if s.unwanted {
		return nothing
	}
	s.unwanted = true
	switch {
	case s.alive:
		s.due = now.Add(s.timing.StopGrace)
		s.enter(now, stopping)
		return term
	case s.preparing:
		s.enter(now, stopping)
		return cancel
	}
	s.enter(now, gone)
	return nothing
}

// tick: time has passed.
func (s *slot) tick(now time.Time) action {
	s.excuse(now)
	switch {
	case !s.alive:
		return s.tickWithout(now)
	case s.unwanted || s.reason != "":
		return s.tickEnding(now)
	case s.state == starting && now.Sub(s.heard) >= s.timing.StartGrace:
		return s.over(now, fmt.Sprintf("no sign of life for %v after its start", s.timing.StartGrace))
	case s.state == running && now.Sub(s.heard) >= s.timing.HangAfter:
		return s.over(now, fmt.Sprintf("no sign of life for %v", s.timing.HangAfter))
	}
	return nothing
}

// excuse lets no silence count that came while this process itself did not run: workers on a machine that was
// stopped or overloaded could not be heard.
func (s *slot) excuse(now time.Time) {
	if gap := now.Sub(s.looked); gap > s.timing.HangAfter/2 {
		s.heard = s.heard.Add(min(gap, now.Sub(s.heard)))
	}
	s.looked = now
}

func (s *slot) tickWithout(now time.Time) action {
	if s.preparing || s.state == gone || now.Before(s.due) {
		return nothing
	}
	return s.again(now)
}

func (s *slot) tickEnding(now time.Time) action {
	if now.Before(s.due) {
		return nothing
	}
	s.due = now.Add(killAgain)
	return kill
}
