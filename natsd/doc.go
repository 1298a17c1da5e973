// Package natsd is the NATS server inside Gale: for `gale dev`, for small clusters, and for tests. Large
// clusters point at a NATS of their own.
//
//	s, err := natsd.Start(natsd.Options{Data: dir})
//	nc, err := nats.Connect(s.URL())
//	...
//	s.Shutdown()
//
// It guarantees that what JetStream has acknowledged is on disk: every write is synced before it is confirmed, so that not even
// a crash of the machine takes it back. It serves clients only: no clusters, leaf nodes, MQTT or websockets.
//
// It is safe by default. It listens on loopback; to listen beyond, it asks for keys and TLS, or for the word Insecure. With
// keys (package auth) nobody gets in without credentials; without them, everybody does who reaches the port.
//
// The tests of this package named TestN... pin what all of Gale assumes about NATS: leases, conditional writes,
// errors, half-open connections, objects. They are to be run with every new version of the server or the client. -long runs
// them whole.
//
// # Seeing them fail
//
// Each of these has failed with what it guards taken out; where that is a fact about NATS, with the test's own act taken out:
//
//   - N-01 update forgets the TTL: the test's bucket has a TTL of its own (TTL: ttl). "Should be false": the lease is gone.
//   - N-01 a lease ends: in cluster/store.go, the lease's bucket has no TTL: "it did not happen: the lease can be taken"; or half of it: "the lease was
//     taken while it was held".
//   - N-02 expiry: the test's bucket has half the TTL: late by less than 0. Or two seconds more, with -long: "p99 of how late keys expire".
//   - N-04 conflicts, one of many wins: in cluster/store.go, IsConflict knows conditionInFlight only: "wrong last sequence". Without that one, with three
//     replicas: "err_code=10164".
//   - N-08 no responders: the test's second subscription is kept. "nats: timeout" instead.
//   - N-09 half-open connection: PingInterval is 2 minutes in cluster/connect.go: "it did not happen in time"; or pingInterval in natsd/options.go: "the
//     server closes both".
//   - N-13 nothing stale: in cluster/connect.go, without ReconnectBufSize. "outbound buffer limit exceeded" is expected, and there is no error.
//   - N-14 wrong chunk: the test changes no byte (^= 0). "digests do not match" is expected, and there is no error. How to have NATS read a rotten
//     disk as right is not known.
//   - A replaced leader, no write of an old epoch: in cluster/store.go, publish has no condition. "another Nimbus leads" is expected; "message 5 of epoch 2
//     was accepted in epoch 4".
//   - S-18 a fresh start: in natsd/options.go, defaultHost is 0.0.0.0. Beyond loopback: exposed is always false. "An error is expected".
package natsd
