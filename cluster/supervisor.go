package cluster

import "time"

// Supervisor is the record of a supervisor that has been seen.
type Supervisor struct {
	Host
	Epoch   uint64 `json:"epoch"`   // of the leader that wrote the record
	Drained bool   `json:"drained"` // it gets no new workers, and those it had have moved away
}

// Host is what a supervisor says of itself.
type Host struct {
	ID      string            `json:"id"`   // matches [A-Za-z0-9][A-Za-z0-9_-]{0,63}
	Host    string            `json:"host"` // the machine's name
	PID     int               `json:"pid"`
	OS      string            `json:"os"`     // as GOOS
	Arch    string            `json:"arch"`   // as GOARCH
	Slots   int               `json:"slots"`  // workers that it runs at most, at least 1
	Memory  int               `json:"memory"` // MiB that its workers may use together
	CPU     int               `json:"cpu"`    // percent of a core that they may use together
	Labels  map[string]string `json:"labels,omitempty"`
	Gale    string            `json:"gale"` // the version of Gale
	Started time.Time         `json:"started"`
}

// Beat is what a supervisor tells Nimbus every second, and at once when a process has ended.
type Beat struct {
	Host
	Healthy   bool      `json:"healthy"`          // whether its health checks pass, or have failed fewer than three rounds in a row; when not, its workers move away
	Health    string    `json:"health,omitempty"` // what a health check said
	Processes []Process `json:"processes,omitempty"`
	Leaving   bool      `json:"leaving,omitempty"` // it is about to end, and so are its workers
}

// Process is the process of a worker as its supervisor sees it.
type Process struct {
	Topology   string    `json:"topology"` // the topology's name
	TopologyID string    `json:"topology_id"`
	Worker     string    `json:"worker"`
	State      string    `json:"state"` // "fetching", "starting", "running", "backoff" or "stopping"
	PID        int       `json:"pid,omitempty"`
	Life       uint64    `json:"life"` // how many times it was started
	Since      time.Time `json:"since"`
	RSS        int64     `json:"rss,omitempty"`   // resident bytes
	Error      string    `json:"error,omitempty"` // why it can't be started
	Crash      *Crash    `json:"crash,omitempty"` // of its last life, while that is news: 10 minutes
}

// Crash says how a worker's process has ended though it was not told to.
type Crash struct {
	At      time.Time `json:"at"`
	Worker  string    `json:"worker"`
	Life    uint64    `json:"life"`
	Reason  string    `json:"reason"`             // "exit status 2", "signal: killed", "memory limit: ...", "no sign of life for 4s"
	Panic   string    `json:"panic,omitempty"`    // the panic and its stack as the process printed them, of which 16 KiB are kept
	LastLog []string  `json:"last_log,omitempty"` // the last lines of its log, at most 20 of at most 1 KiB
}

// WorkerSpec is what a supervisor tells a worker's process, as JSON in a file that [SpecVariable] names.
type WorkerSpec struct {
	Protocol   int    `json:"protocol"`
	Topology   string `json:"topology"` // the topology's name
	TopologyID string `json:"topology_id"`
	Worker     string `json:"worker"`
	Supervisor string `json:"supervisor"`
	Life       uint64 `json:"life"`             // goes up by one with each start; from 1
	Access     Access `json:"access"`           // to NATS, with the worker's own credentials
	Config     string `json:"config,omitempty"` // the YAML file that configures the topology; empty for none
	LogFile    string `json:"log_file"`         // where standard output and error go; the worker rotates it
	LogLimit   int64  `json:"log_limit"`        // bytes of each of the LogFiles files
	LogFiles   int    `json:"log_files"`        // how many are kept: LogFile, LogFile.1, ...
	BeatFile   string `json:"beat_file"`        // 8 bytes that the worker changes every BeatInterval while it lives
}

// Environment variables by which a program of a topology learns what it is to be.
const (
	SpecVariable     = "GALE_WORKER"   // names the file of a WorkerSpec: it is a worker
	DescribeVariable = "GALE_DESCRIBE" // names a file: it writes its Definition there, as JSON, and ends
)

// BeatInterval is how often a worker gives a sign of life in its beat file.
const BeatInterval = 500 * time.Millisecond
