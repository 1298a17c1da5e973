// Package trident runs micro-batches with exactly-once state.
package trident
