// Package auth makes the keys and credentials of a Gale cluster: NATS' decentralised authentication, in which a server
// knows one public key, and everything else is proved by signatures.
//
// [Keys] are an operator's key, which signs accounts, and the keys of three accounts, which sign users: GALE, in
// which all of Gale happens; APPS, for the streams that users' topologies read and write, and for their state; and SYS, which NATS wants for itself.
// Accounts share nothing. Keys live in a folder, made by [OpenKeys] at first use.
//
// A user is a name, a [Role] and a key of its own, all in the text of one credentials file, as NATS tools read it. What a
// role may do is written in permissions.go and enforced by the server: what is not named there is denied. Workers
// run code that users have written, so that a worker's credentials reach its own topology and nothing else of Gale's.
//
// Nimbus, which hands out credentials of workers, needs an [Issuer] only, the key of the account GALE, and that of APPS for workers whose
// topologies keep state. So it can do that also in front of a NATS cluster that others run, and whose operator's key it never sees.
//
// Credentials don't expire. Those of a worker end to matter with the worker: its id, which all its
// subjects bear, is never used again. Those for state name the topology, whose state outlives its workers: what a worker of the past does with them is
// refused by the state's log itself.
package auth
