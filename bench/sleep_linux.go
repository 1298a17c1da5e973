package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// sharpenTimer has the kernel wake this thread when it asks to be, instead of up to 50 us
// later. Where that is refused the generator's lateness shows it.
func sharpenTimer() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) }

// sleep sleeps without Go's timers, which wake an idle process about a millisecond late. It may return
// early.
func sleep(d time.Duration) {
	if d > 0 {
		ts := unix.NsecToTimespec(int64(d))
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil) // a signal ends it early
	}
}
