// Package supervisor runs the workers of a machine: it turns the assignments that Nimbus writes into processes, and keeps
// them running.
//
// # In call order
//
// [New] checks the options, opens the data folder and locks it. [Supervisor.Run] takes over the workers that a former supervisor of that
// folder has left, connects to NATS, and follows the assignments until its context is done. [Supervisor.Close] is for those
// who don't run it.
//
// # What it promises
//
// A program is executed only when its bytes have the SHA-256 by which the assignment names it. An exit is seen at once, a
// worker that gives no sign of life within seconds; both are restarted with backoff, under the same id and a life that
// is one higher, also after a crash of the machine. Each life that ends without having been told to leaves a
// [cluster.Crash]. Whatever a worker has started in its process group ends with it; what has left the group, when the worker is not started again. An assignment of an older epoch or version
// than one that was seen is refused. Without NATS, and without Nimbus, all goes on as it was; a supervisor that ends
// leaves its workers running, and the next one adopts them.
//
// It does not confine what workers do: they run as the user that the supervisor runs as.
//
// # How a worker ends in order
//
// A worker that was told by Nimbus to stop ends with exit status 0. It is not restarted then, as what it did is about to be done by
// others; only if it is still assigned after Timing.BackoffMax it is started again. As nobody but a parent is
// told a status, a worker whose supervisor was restarted meanwhile says so in its beat file as well, by [cluster.BeatOver].
//
// # The data folder
//
//	id                   the supervisor's id
//	lock                 locked while a supervisor uses the folder
//	programs/DIGEST      programs
//	workers/WORKER/      a worker: order.json (what it is to run), spec.json, creds, config.yaml, life, process.json, beat,
//	                     worker.log, worker.log.1, ..., and work/, its working directory
//	kept/WORKER/         the logs of a worker that was removed, for Timing.KeepLogs
//	trash/               what is being removed
//
// Folders have mode 0700 and files 0600, whatever the umask. Every name in them is an id that was checked, and all access
// goes through an [os.Root].
//
// # Goroutines
//
// Run's own owns which workers there should be. Each worker has a runner, whose one goroutine owns its slot (a pure
// state machine, slot.go) and its process. One goroutine follows the assignments, one serves logs, one runs health checks, one
// removes folders. Run waits for all of them.
package supervisor
