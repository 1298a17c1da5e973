package main

import "time"

// rule is the state of one alert. It lives in event time: it asks no clock, and the same values
// at the same times give the same transitions.
//
//	ok -> pending      a value is above fire
//	pending -> firing  values have been above fire for the duration hold
//	pending -> ok      a value is not above fire, or there is none
//	firing -> ok       a value is below resolve
type rule struct {
	band
	hold time.Duration
	// gap is how far apart two values may lie for what is between them to be taken as
	// their like. After a longer silence, or when time has gone back, pending begins anew.
	gap time.Duration

	state ruleState
	since time.Time // when the state began
	last  time.Time // of the last value
}

type ruleState uint8

const (
	ok ruleState = iota
	pending
	firing
)

// State is a state that an alert has changed to, as alerts say it.
type State string

// The states.
const (
	Firing   State = "FIRING"
	Resolved State = "RESOLVED"
)

// transition is a change of state that is worth an alert.
type transition struct {
	to        State
	threshold float64       // that was crossed
	lasted    time.Duration // Firing: how long values were above fire; Resolved: how long it fired
}

// next takes a value, NaN for a missing one, and reports whether it made a transition.
func (r *rule) next(at time.Time, value float64) (transition, bool) {
	if r.interrupted(at) && r.state == pending {
		r.state = ok
	}
	r.last = at
	if r.state == firing {
		return r.whileFiring(at, value)
	}
	return r.untilFiring(at, value)
}

func (r *rule) interrupted(at time.Time) bool {
	return at.Before(r.last) || at.Sub(r.last) > r.gap
}

func (r *rule) untilFiring(at time.Time, value float64) (transition, bool) {
	if !(value > r.fire) { // NaN too
		r.state = ok
		return transition{}, false
	}
	if r.state == ok {
		r.state, r.since = pending, at
	}
	lasted := at.Sub(r.since)
	if lasted < r.hold {
		return transition{}, false
	}
	r.state, r.since = firing, at
	return transition{Firing, r.fire, lasted}, true
}

func (r *rule) whileFiring(at time.Time, value float64) (transition, bool) {
	if !(value < r.resolve) { // NaN too
		return transition{}, false
	}
	lasted := at.Sub(r.since)
	r.state, r.since = ok, at
	return transition{Resolved, r.resolve, lasted}, true
}
