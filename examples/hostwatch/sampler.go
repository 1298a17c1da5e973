package main

import (
	"fmt"
	"time"
)

// waiting is how many readings may wait for the spout. It takes them at once unless what is
// downstream is stuck; further ones are then reported and dropped.
const waiting = 16

// sampler reads the figures in a goroutine of its own, since a read may block.
type sampler struct {
	read     func(at time.Time) []Sample
	interval time.Duration
	duration time.Duration // 0 for ever
	wake     func()
	report   func(error)
	readings chan []Sample // closed after the duration
	stop     chan struct{}
	ended    chan struct{}
}

func (s *sampler) start() {
	s.readings = make(chan []Sample, waiting)
	s.stop, s.ended = make(chan struct{}), make(chan struct{})
	go s.run()
}

// close ends the goroutine and waits for it.
func (s *sampler) close() {
	close(s.stop)
	<-s.ended
}

func (s *sampler) run() {
	defer close(s.ended)
	var end <-chan time.Time
	if s.duration > 0 {
		end = time.After(s.duration)
	}
	s.read(time.Now()) // what changes are counted from
	for {
		due := dueAfter(time.Now(), s.interval)
		select {
		case <-time.After(time.Until(due)):
			s.send(s.read(stamp(due, time.Now(), s.interval)))
		case <-end:
			close(s.readings)
			s.wake()
			return
		case <-s.stop:
			return
		}
	}
}

// dueAfter returns the next whole multiple of the interval that is at least half of one away.
// Samples at such times, instead of when a timer got its turn, let a for-duration of five
// intervals be just that.
func dueAfter(now time.Time, interval time.Duration) time.Time {
	return now.Round(interval).Add(interval)
}

// stamp returns the time that a sample bears: when it was due, unless the machine has slept
// past that.
func stamp(due, now time.Time, interval time.Duration) time.Time {
	if latest := now.Truncate(interval); latest.After(due) {
		return latest
	}
	return due
}

func (s *sampler) send(reading []Sample) {
	select {
	case s.readings <- reading:
		s.wake()
	default:
		s.report(fmt.Errorf("%d readings wait already: that of %v is dropped", waiting, reading[0].At))
	}
}
