// Package security holds the security tests that concern no single package: what hostile names, bytes, files and uploads do to a
// cluster whose processes are those that users run. Tests of one package's own defences are in that package. A test's name begins with the
// id of what it is about:
//
//	S01  names that lead out of folders, in every parameter of the API (package cli has those of the command line)
//	S02  names and arguments that a shell would obey
//	S03  bytes that are no requests, beats, reports or frames
//	S15  files that others could read, under a careless umask
//	S17  uploads that are too large, or too many
//	S18  listening beyond this machine
//
// It has no code but its tests.
package security
