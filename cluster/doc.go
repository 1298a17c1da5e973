// Package cluster is what the parts of a Gale cluster agree on: the records that last, the subjects that
// messages travel on, the requests that Nimbus answers, and the rules that all of them must meet.
//
// What must last is in one JetStream key-value bucket, [Bucket]: topologies, assignments, supervisors, and the
// epoch of the leading Nimbus. Programs are in an object store, named by their SHA-256. What is a
// matter of seconds (reports of workers, beats of supervisors) travels as core NATS messages.
//
// Only the leading Nimbus writes the bucket. Each of its writes bears the condition that the epoch is still its own
// ([Writer]), so that a Nimbus that was paused and has been replaced can't change anything. Everybody else
// reads; what they read may be a little old, and nobody decides by it who leads.
//
// Every request, of whatever verb, is checked by [Validate] of its type before anything is done.
package cluster
