package cluster

// BeatOver is what a worker writes into its beat file as the last thing when it ends in order: 8 bytes, all of whose bits are
// set. A supervisor that adopted the worker is not its parent, so that it can't learn its exit status otherwise.
const BeatOver = ^uint64(0)
