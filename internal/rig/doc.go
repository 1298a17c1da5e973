// Package rig runs a cluster of real processes for tests, which kill, stop and cut them off.
//
// # In call order
//
// The test program calls [Main] first of all: re-executed, it is a NATS server, or what else the roles given to Main
// can be. A test makes a [Rig] by [New], which lasts as long as the test. [Rig.Server] starts a NATS server, [Rig.Cluster] a whole cluster with a
// server of its own. Every daemon is a [Process], to be killed, paused and started again; where it is asked for, it reaches NATS
// through a fault proxy. [StartFeed] publishes numbered records, and an [Oracle] knows what has become of each.
//
// # What is left behind
//
// Nothing. Each process bears the rig's mark in its environment, workers too, since [Rig.Env] goes with the program that is submitted. A
// process of its own, the reaper, kills all that bears the mark when the test ends, also when the test program is killed.
//
// When a test fails, the ends of all logs are printed.
//
// # Where it works
//
// On Linux, since it finds processes by /proc.
package rig
