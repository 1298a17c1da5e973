package cluster

// FolderVariable names the folder of a worker in the environment of its process. All that it starts inherits it: so the supervisor finds those
// that have left the worker's process group. It tells nothing to run as a worker.
const FolderVariable = "GALE_WORKER_FOLDER"
