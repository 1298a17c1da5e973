package cluster

import "time"

// Verbs of the control API. Each takes a request of the type named here, in JSON, on APISubject(verb), and answers with
// the response named, in JSON, or an [*Error]. Only the leading Nimbus answers.
const (
	VerbSubmit      = "submit"      // SubmitRequest: SubmitResponse
	VerbKill        = "kill"        // KillRequest: Empty
	VerbActivate    = "activate"    // NameRequest: Empty
	VerbDeactivate  = "deactivate"  // NameRequest: Empty
	VerbRebalance   = "rebalance"   // RebalanceRequest: RebalanceResponse
	VerbList        = "list"        // Empty: ListResponse
	VerbDescribe    = "describe"    // NameRequest: Description
	VerbSupervisors = "supervisors" // Empty: SupervisorsResponse
	VerbDrain       = "drain"       // DrainRequest: Empty
	VerbStatus      = "status"      // Empty: StatusResponse
	VerbDropState   = "drop-state"  // NameRequest: Empty
	VerbReadState   = "read-state"  // ReadStateRequest: ReadStateResponse
	VerbCredentials = "credentials" // CredentialsRequest: CredentialsResponse; for supervisors
)

// Verbs lists all verbs of the API.
var Verbs = []string{VerbSubmit, VerbKill, VerbActivate, VerbDeactivate, VerbRebalance, VerbList, VerbDescribe, VerbSupervisors, VerbDrain, VerbStatus, VerbDropState, VerbReadState, VerbCredentials}

// Verbs of requests to a supervisor, on SupervisorSubject.
const (
	SupervisorLogs = "logs" // LogsRequest: LogsResponse
)

// Empty is a request or response without content.
type Empty struct{}

// NameRequest names a topology.
type NameRequest struct {
	Name string `json:"name"`
}

// SubmitRequest asks for a topology to be run. Unless it is a dry run, the program has been uploaded before.
type SubmitRequest struct {
	Definition  Definition     `json:"definition"`
	Program     Program        `json:"program"`
	Workers     int            `json:"workers,omitempty"`     // instead of the definition's; 0 leaves it
	Parallelism map[string]int `json:"parallelism,omitempty"` // by component, instead of the definition's
	Inactive    bool           `json:"inactive,omitempty"`    // spouts don't emit until it is activated
	Replace     bool           `json:"replace,omitempty"`     // swap the program of the running topology of that name
	DryRun      bool           `json:"dry_run,omitempty"`     // check and plan only
}

// SubmitResponse says what will be, or of a dry run would be.
type SubmitResponse struct {
	Name       string      `json:"name"`
	ID         string      `json:"id"`
	Generation int         `json:"generation"` // that will run; wait until Description.Generation is it
	Placement  []Placement `json:"placement"`
}

// Placement is a worker and what it runs.
type Placement struct {
	Worker     string         `json:"worker,omitempty"`
	Supervisor string         `json:"supervisor"`
	Host       string         `json:"host"`
	Tasks      map[string]int `json:"tasks"` // how many, by component
}

// KillRequest asks for a topology to be drained and removed.
type KillRequest struct {
	Name string        `json:"name"`
	Wait time.Duration `json:"wait"` // nanoseconds that it is drained at most, up to an hour; 0 is the topology's message timeout, below 0 no time
}

// RebalanceRequest asks for a topology to be spread anew. At least one of its parts must be given, or Spread.
type RebalanceRequest struct {
	Name        string         `json:"name"`
	Workers     int            `json:"workers,omitempty"`     // processes; 0 leaves their number
	Parallelism map[string]int `json:"parallelism,omitempty"` // tasks by component; those not named keep theirs
	Spread      bool           `json:"spread,omitempty"`      // place all workers anew, also where nothing else changes
}

// RebalanceResponse says what will be.
type RebalanceResponse struct {
	Generation int         `json:"generation"` // that will run
	Placement  []Placement `json:"placement"`
}

// DrainRequest asks for a supervisor to be emptied, or with Undo to be used again.
type DrainRequest struct {
	Supervisor string `json:"supervisor"`
	Undo       bool   `json:"undo,omitempty"`
}

// ListResponse has the topologies in the order of their names.
type ListResponse struct {
	Topologies []Summary `json:"topologies"`
}

// Summary is a topology in one line.
type Summary struct {
	Name       string    `json:"name"`
	ID         string    `json:"id"`
	Status     Status    `json:"status"`
	State      string    `json:"state"` // what it is at: "running", "starting", "rebalancing", "replacing", "returning", "draining", "waiting for slots", "finished", "failed"
	Submitted  time.Time `json:"submitted"`
	Workers    int       `json:"workers"`
	Tasks      int       `json:"tasks"`
	Running    int       `json:"running"`    // workers that run
	Generation int       `json:"generation"` // that runs; 0 for none
	Message    string    `json:"message,omitempty"`
}

// Description is all there is to know of a topology, but its program's arguments, environment and configuration, which may hold
// secrets.
type Description struct {
	Summary
	Supervisors []string       `json:"supervisors"`
	Definition  Definition     `json:"definition"`
	Parallelism map[string]int `json:"parallelism"`        // of every component
	Digest      string         `json:"digest"`             // of the program that runs
	Wanted      int            `json:"wanted"`             // the generation that should run
	Reverted    int            `json:"reverted,omitempty"` // the last generation that could not run, so that Nimbus went back to what ran before it; 0: there was none
	Reports     []Report       `json:"reports"`            // the last of each worker of the running generation
	Workers     []WorkerStatus `json:"worker_status"`
	Crashes     []Crash        `json:"crashes,omitempty"` // the newest last, at most 20
	Records     []string       `json:"records,omitempty"` // what is wrong with its records, if anything
}

// WorkerStatus is a worker as Nimbus sees it.
type WorkerStatus struct {
	ID         string         `json:"id"`
	Generation int            `json:"generation"`
	Supervisor string         `json:"supervisor"`
	Host       string         `json:"host"`
	PID        int            `json:"pid,omitempty"`
	Phase      Phase          `json:"phase,omitempty"` // empty while it has not reported
	State      string         `json:"state,omitempty"` // of its process, as its supervisor sees it
	Tasks      map[string]int `json:"tasks"`           // how many, by component
	Restarts   uint64         `json:"restarts"`
	RSS        int64          `json:"rss,omitempty"` // resident bytes
	Uptime     time.Duration  `json:"uptime,omitempty"`
	Error      string         `json:"error,omitempty"`
}

// SupervisorsResponse has the supervisors in the order of their ids.
type SupervisorsResponse struct {
	Supervisors []SupervisorStatus `json:"supervisors"`
}

// SupervisorStatus is a supervisor as Nimbus sees it.
type SupervisorStatus struct {
	Supervisor
	State   string        `json:"state"`   // "up", "lost", "unhealthy", "drained" or "leaving"
	Used    int           `json:"used"`    // slots with a worker
	Silence time.Duration `json:"silence"` // since its last beat
	Health  string        `json:"health,omitempty"`
}

// StatusResponse is how the cluster fares.
type StatusResponse struct {
	Leader      string    `json:"leader"` // the id of the leading Nimbus
	Host        string    `json:"host"`
	Epoch       uint64    `json:"epoch"`
	Since       time.Time `json:"since"` // that it leads
	Gale        string    `json:"gale"`
	Supervisors int       `json:"supervisors"` // that are up
	Lost        int       `json:"lost"`        // supervisors that are not
	Slots       int       `json:"slots"`
	Used        int       `json:"used"`
	Topologies  int       `json:"topologies"`
	Problems    []string  `json:"problems,omitempty"` // records that could not be read, topologies without room, ...
}

// CredentialsRequest asks for the credentials of a worker. Only supervisors may ask.
type CredentialsRequest struct {
	TopologyID string `json:"topology_id"`
	Worker     string `json:"worker"`
}

// CredentialsResponse has the texts of NATS credentials files; both are empty where NATS is used without credentials.
type CredentialsResponse struct {
	Credentials string `json:"credentials"`
	State       string `json:"state,omitempty"` // for the state of the worker's topology; empty when Nimbus has no key of that account
}

// ReadStateRequest asks for the means to read the state that a topology has left in JetStream, or to list the topologies that have left some.
type ReadStateRequest struct {
	Name string `json:"name,omitempty"` // of the topology; empty: to list
}

// ReadStateResponse has the text of a NATS credentials file, which is good for a few minutes; both are empty where NATS is used without credentials.
type ReadStateResponse struct {
	Credentials string `json:"credentials"`
	Inbox       string `json:"inbox"` // the prefix of inboxes that they allow
}

// LogsRequest asks for lines of a worker's log.
type LogsRequest struct {
	TopologyID string `json:"topology_id"`
	Worker     string `json:"worker"`
	Tail       int    `json:"tail,omitempty"`      // the last so many lines that match, when From is ""; at most 10000, 0 is 100
	From       string `json:"from,omitempty"`      // LogsResponse.Next of the answer before: what has come since
	Component  string `json:"component,omitempty"` // only lines of this component
	Grep       string `json:"grep,omitempty"`      // only lines that match this regular expression (RE2), of at most 1 KiB
}

// LogsResponse has lines of a worker's log.
type LogsResponse struct {
	Lines   []string `json:"lines"`
	Next    string   `json:"next"`              // where they end: the From of the next request
	Skipped int64    `json:"skipped,omitempty"` // bytes that were rotated away before they could be sent
	More    bool     `json:"more,omitempty"`    // the answer was full before the lines were over; ask again at once
}
