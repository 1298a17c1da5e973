package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

// tickInterval is how often paths without requests are looked at.
const tickInterval = time.Second

// rates is the bolt around a board.
type rates struct {
	rules  rules
	tc     *topology.Context
	board  *board
	late   *topology.Counter // requests left out: older than the window
	future *topology.Counter // requests left out: their time is yet to come
	other  *topology.Counter // requests whose path there was no room for
	paths  *topology.Gauge
}

// Prepare implements [topology.Preparer].
func (r *rates) Prepare(_ context.Context, tc *topology.Context) error {
	r.tc = tc
	r.board = newBoard(r.rules, fmt.Sprintf("(other paths of task %d)", tc.Index))
	r.late, r.future = tc.Counter("requests.late"), tc.Counter("requests.future")
	r.other, r.paths = tc.Counter("requests.other"), tc.Gauge("paths")
	return nil
}

// Execute counts a request. One that is emitted again after a timeout counts again.
func (r *rates) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	q := topology.As[Request](t)
	if r.board.crowded(q.Path) {
		r.other.Add(1)
	}
	changes, err := r.board.add(q, r.tc.Now())
	if err != nil {
		r.leaveOut(q, err, out)
	}
	emit(out, changes)
	return nil
}

// leaveOut counts a request that can't be judged, and tells of the first: there may be very many.
func (r *rates) leaveOut(q Request, why error, out *topology.Collector) {
	counter := r.late
	if errors.Is(why, errFuture) {
		counter = r.future
	}
	if counter.Value() == 0 {
		out.Report(fmt.Errorf("a request of %s is left out: %w; further ones are counted, not reported", q.At.Format(time.RFC3339), why))
	}
	counter.Add(1)
}

// Tick implements [topology.Ticker].
func (r *rates) Tick(_ context.Context, now time.Time, out *topology.Collector) error {
	emit(out, r.board.tick(now))
	r.paths.Set(float64(len(r.board.paths)))
	return nil
}

func emit(out *topology.Collector, changes []Alert) {
	for _, a := range changes {
		topology.EmitStruct(out, a)
	}
}
