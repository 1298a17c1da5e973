package main

import "runtime"

// totalMallocs returns how many objects the process has ever allocated.
func totalMallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
