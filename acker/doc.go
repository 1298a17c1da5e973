// Package acker is the ledger that tells when a tree of tuples is complete: Storm's
// XOR algorithm (Nathan Marz, "Guaranteed message processing", 2011), with the ledger of a
// tree at the spout task that emitted its root.
//
// A tree is an open slot of a [Ledger]. Each tuple of the tree is an edge, a random
// non-zero 64-bit number. The slot holds the XOR of all edges that were made and
// not yet acked: making an edge XORs it in, acking it XORs it in again, which takes it out.
// A bolt does both at once, when it acks: it applies the XOR of its tuple's
// edge and of the edges it has made from it. The XOR is zero when, and but for one
// chance in 2^64 only when, no tuple of the tree is outstanding.
//
// # In call order
//
// The owner (a spout task's goroutine) calls [Ledger.Open] for a root, chooses an edge
// for each tuple that the root is sent as, and calls [Ledger.Arm] with their XOR before it hands any
// of them to anyone. So no ack can come before the edges are in the ledger.
//
// Any goroutine that acks calls [Ledger.Apply], and tells the owner when that completed
// the tree; one that fails calls [Ledger.Fail], and tells the owner when
// that was the first failure. The owner calls [Ledger.Settle] or [Ledger.SettleFailed] with what it was told, and
// [Ledger.Expire] from time to time.
//
// # What is guaranteed
//
// Each root that was opened is settled exactly once: as complete, failed or
// expired. Applies and fails that come later than that are refused, whatever
// their order. An XOR is not idempotent, so each ack must be applied exactly
// once or not at all; one that is lost makes the tree expire.
//
// The package knows nothing of tuples, goroutines, clocks or networks.
package acker
