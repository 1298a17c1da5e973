// Package security holds the security tests that concern no single package: what hostile names, bytes, files and uploads do to a
// cluster whose processes are those that users run. Tests of one package's own defences are in that package. A test's name begins with the
// id of what it is about:
//
//	S01  names that lead out of folders, in every parameter of the API (package cli has those of the command line)
//	S02  names and arguments that a shell would obey
//	S03  bytes that are no requests, beats, reports or frames
//	S10  programs whose bytes are not those that were submitted (in package supervisor)
//	S15  files that others could read, under a careless umask
//	S16  what credentials for state allow, next to what a log needs (package auth has what they deny)
//	S17  uploads that are too large, or too many
//	S18  listening beyond this machine
//
// Others are in the packages whose own defences they test: S11 (broken records), S12 (rebalance) and S17 in nimbus, S16 (permissions) in auth, S17 in
// client, S10 in supervisor, S18 in natsd.
//
// It has no code but its tests.
//
// # Seeing them fail
//
// These have failed with the protection taken out. What to take out, in a copy of the repository, and what the test says then:
//
//   - S01 names in requests: in cluster/validate.go, name takes every name that is not empty. "there is no room", where "invalid" is expected.
//   - S02, both: in client/build.go, compile runs "sh -c" with the line. "of each name, go takes at least the folder", and "client/build.go names a shell".
//   - S03 rubbish: in transport/header.go, a frame may be shorter than its header (len(b) < 0). A worker does not answer any more.
//   - S10 programs: in supervisor/fetch.go, copyVerified does not look at the SHA-256. "was changed after it was fetched" does not contain "the stored bytes have the
//     SHA-256": what is asked right before each launch still refuses it. In supervisor/programs.go, an edition has ModTime in the place of Ctim. "Should be false".
//   - S11 broken records: in nimbus/records.go, checkAssignment does not look at generations. "should have 5 item(s), but has 4".
//   - S12 rebalance: in cluster/validate.go, neither RebalanceRequest.Validate nor ValidateFor calls shape. "conflict" where "invalid" is expected.
//   - S15 umask: in supervisor/place.go, the log has 0o644. "worker.log is open to others".
//   - S16 what is not a worker's own: in auth/permissions.go, it may subscribe to gale.link.>. "subscribing to gale.link.U.X.X".
//   - S16 replies: in auth/permissions.go, workers have p.Resp. "published to $KV.gale.epoch".
//   - S16 credentials for state: in cluster/state.go, escape leaves "_" as it is: "elements differ". In auth/state.go, workers may have STREAM.DELETE as well: the same, and in
//     package auth "published to $JS.API.STREAM.DELETE.GALE_STATE_a".
//   - S17 uploads: in nimbus/shelf.go, removeOld does not look at the age: "an upload may be under way"; or whole is always true: the program with no chunks is
//     taken. In client/upload.go, codeNoRoom is another: "unavailable" where "no-room" is expected.
//   - S18 listening elsewhere: in natsd/options.go, exposed is always false. Servers listen, and the test runs into its time limit.
package security
