// Package cli is the command gale: its verbs, each a few lines over the packages that do the work.
//
// [Main] is all of it. What a verb finds goes to standard output, in the form that -o says; what it waits for, and what
// goes wrong, to standard error. The forms json and yaml have the same fields, which stay as they are from version to
// version: those of package cluster's types, or of the structs of this package. Durations in them are nanoseconds.
//
// Flags may stand before and after arguments. What follows "--" is for the topology's program.
//
// # Exit codes
//
//	0    it is done
//	1    it could not be done, or the topology has failed
//	2    the command line is wrong
//	3    there is no topology or supervisor of the name
//	4    the name is in use, or the topology is not in a state in which this can be done
//	5    the credentials are missing or don't allow it
//	6    not now: no Nimbus leads, NATS can't be reached, there are too few slots, or it did not happen in time
//	130  Ctrl-C, or SIGTERM
package cli
