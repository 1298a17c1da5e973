// Package leak says what tests overlook when they look for goroutines that were left behind.
package leak

import "go.uber.org/goleak"

// OfPut overlooks a goroutine that nats.go leaves behind now and then: ObjectStore.Put starts one, and when all is stored before that one first runs, the
// channel it is to wait at is nil by then, and it waits for ever (jetStream.resetPendingAcksOnReconnect and cleanupReplySub of v1.55.0). It takes a few
// kilobytes. For tests of what puts programs or snapshots into object stores.
func OfPut() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect")
}
