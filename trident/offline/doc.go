// Package offline reads the state of a Trident topology that does not run, from its log alone: committed values only, as the topology itself would answer them.
//
// # In call order
//
// [List] names the states of a log, [Overview] says of each what it is and how large. [Lookup] reads the value of a key that a person has written. The log may be one that is open for reading
// alone, and nothing is written to it.
//
// # What is guaranteed
//
// A value is that of the log's last commit, also while a topology goes on writing. What is damaged is an error that names it, as package state has it: never a wrong value. The same is an error of a type
// which only its program can read, as one that holds itself or has an encoding of its own.
//
// # What it costs
//
// Lookup reads the snapshots of a 64th of the state and the log's tail. Overview goes through the log once for each [PassBytes] of it, and keeps about as much of a state in memory. No goroutines are
// started.
package offline
