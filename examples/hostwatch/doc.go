// Hostwatch alerts on this machine's CPU, memory, disk and network figures within milliseconds
// of the sample that shows a problem.
//
//	hostwatch -cpu 90:70 -for 5s -webhook https://alerts.example/hook
//
// An alert fires when the smoothed figure has been above its first threshold for a while, and is
// resolved when it falls below the second. Between the two nothing changes (hysteresis), so a
// figure that wavers about a threshold alerts once. A line is printed for each change of
// state, and for nothing else:
//
//	2026-01-01T00:00:05.000Z FIRING   cpu 96.2% > 90.0% for 5s (latency 0.3 ms)
//	2026-01-01T00:01:05.000Z RESOLVED cpu 61.8% < 70.0% after 1m0s (latency 0.3 ms)
//
// # The topology
//
//	samples -> smooth -> alert -> print
//	                           -> webhook -> dead
//
// The spout samples reads the figures, at whole multiples of the interval, in a goroutine of its
// own. The bolt smooth takes an exponentially weighted mean of each figure, the bolt alert
// applies a rule to each mean, and what it emits is printed and, where that is asked for,
// POSTed as JSON. A request that fails is tried again, under the same Idempotency-Key; one that is
// given up is printed by the bolt dead, so that no alert goes missing unseen.
//
// # What is not promised
//
// Rules are kept in memory: after a restart what still holds fires again, as a new incident.
// A webhook may get a request twice, when an answer is lost: the key tells.
package main
