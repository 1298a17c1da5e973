// Package chaos has the tests that do harm to a cluster of real processes, and look whether it keeps its promises. It has
// nothing but tests, and is for Linux. Package internal/rig runs the processes.
//
//	go test ./chaos                  the short form of each, some minutes
//	go test ./chaos -long -timeout 2h    the whole
//
// The load is numbered records of a JetStream stream, whose results go to another; an oracle knows how often the
// result of each has come. I1: none is lost. I2: none comes twice without a fault, and after faults no more do than were pending, once for each fault.
package chaos
