// Package faultproxy is a TCP proxy for tests that does to connections what networks do: it delays bytes, loses them
// in one direction or both while the connections stay open, slows them down, and cuts.
//
// A test makes a [Proxy] for an address, has clients connect to [Proxy.Addr] instead, calls [Proxy.Set], [Proxy.Cut] and
// [Proxy.Heal] as often as it likes from any goroutine, and in the end [Proxy.Close], which waits for all goroutines.
//
// # What is like a network, and what is not
//
// Bytes arrive in order and whole, or not at all: a connection that has lost anything loses all that comes after it in that
// direction. When nothing is dropped any more it is reset, as TCP does when it has given up. While a direction drops, it drops closes and resets too,
// so that the far side keeps its half of a connection that is gone.
//
// The kernel takes new connections whatever the faults. When a direction drops, they reach nobody; after a cut, they are reset at once.
//
// A client that writes to a peer which does not read is stopped, as by a network, once the buffers are full: those of
// the kernel, and 1 MiB here for each connection and direction.
package faultproxy
