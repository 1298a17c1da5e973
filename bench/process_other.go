//go:build !linux

package main

import (
	"errors"
	"time"
)

var errNoProc = errors.New("what a process uses is read from /proc, which only Linux has")

func processRSS(int) (int64, error) { return 0, errNoProc }

func processCPU(int) (time.Duration, error) { return 0, errNoProc }
