//go:build !linux

package main

import "time"

// sharpenTimer has nothing to do: Go's timers are used.
func sharpenTimer() {}

func sleep(d time.Duration) { time.Sleep(d) }
