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
package natsd
