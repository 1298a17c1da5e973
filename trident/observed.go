package trident

import "github.com/galestream/gale/topology"

// Observed is implemented by a [Reader] that leaves records out and says so: with counters and reports of the task, after Observe was called.
// A reader that is not observed fails instead of leaving something out.
type Observed interface {
	// Observe is called by the source task once, on its goroutine, after Open and before Read.
	Observe(tc *topology.Context)
}
