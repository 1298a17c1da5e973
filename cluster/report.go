package cluster

import (
	"time"

	"github.com/galestream/gale/worker"
)

// Phase is what a worker is at.
type Phase string

// The phases of a worker, in their order.
const (
	Standby  Phase = "standby"  // connected, and its assignment is not current: no task is open
	Opening  Phase = "opening"  // its tasks are being opened
	Running  Phase = "running"  // its tasks run; whether spouts emit is in Report.Active
	Draining Phase = "draining" // its spouts are paused for good
	Stopped  Phase = "stopped"  // its tasks are closed; the process is about to end
)

// Report is what a worker tells Nimbus and whoever else listens: every second, and at once when its phase changes.
type Report struct {
	Topology   string          `json:"topology"` // the topology's name
	TopologyID string          `json:"topology_id"`
	Worker     string          `json:"worker"`
	Life       uint64          `json:"life"`
	Generation int             `json:"generation"`
	Seq        uint64          `json:"seq"` // goes up with each report of one life
	Phase      Phase           `json:"phase"`
	Active     bool            `json:"active"`          // whether its spouts may emit
	Version    uint64          `json:"version"`         // of the assignment that it has seen
	Fatal      string          `json:"fatal,omitempty"` // why its tasks ended by themselves
	Progress   Progress        `json:"progress"`
	Snapshot   worker.Snapshot `json:"snapshot"` // of its own tasks
	Links      []Link          `json:"links,omitempty"`
	Refused    int64           `json:"refused,omitempty"` // frames of workers that are no peers, or not any more
	At         time.Time       `json:"at"`
}

// Progress is what must be known of all workers of a topology to see whether anything is under way. With all of them quiet,
// and all sums of Sent and Taken equal, twice in a row without a change, nothing is.
type Progress struct {
	SourcesOver bool  `json:"sources_over"` // all spouts have ended or are inactive
	Ended       bool  `json:"ended"`        // all spouts have ended by themselves; true when there are none
	Quiet       bool  `json:"quiet"`        // all tasks sleep, no inbox and no lane holds anything
	Pending     int   `json:"pending"`      // trees that are not complete
	Holding     bool  `json:"holding"`      // some bolt holds tuples, which its Finish may settle
	Sent        int64 `json:"sent"`         // slabs and control records ever sent to other workers
	Taken       int64 `json:"taken"`        // slabs and control records ever received from other workers, and handled
	Moved       int64 `json:"moved"`        // slabs ever sent inside the worker
}

// Link is how a link to another worker fares.
type Link struct {
	Peer        string `json:"peer"`        // the other worker
	Up          bool   `json:"up"`          // whether both ends know each other
	Sent        int64  `json:"sent"`        // frames
	Resent      int64  `json:"resent"`      // frames sent again
	Received    int64  `json:"received"`    // frames
	Duplicates  int64  `json:"duplicates"`  // frames that had been received before, and were dropped
	Refused     int64  `json:"refused"`     // frames of a former life, after a gap, or malformed
	Bytes       int64  `json:"bytes"`       // sent
	Unconfirmed int    `json:"unconfirmed"` // frames that are kept until the peer confirms them
	Blocked     int64  `json:"blocked"`     // sends that found no credit
	Dropped     int64  `json:"dropped"`     // slabs that were received and found no room: their trees fail
}

// Verbs of requests to a worker: Nimbus sends them, the worker answers each with a [ControlReply].
const (
	ControlStatus     = "status"     // answers only
	ControlDeactivate = "deactivate" // pauses spouts until the assignment says otherwise; for good, when the request says Drain
	ControlFinish     = "finish"     // has the tasks of one component finish, if any are here
	ControlStop       = "stop"       // closes all tasks and ends the process
)

// ControlRequest is the body of a request to a worker.
type ControlRequest struct {
	Generation int    `json:"generation"`
	Drain      bool   `json:"drain,omitempty"`     // of deactivate
	Component  string `json:"component,omitempty"` // of finish
}

// ControlReply is what a worker answers.
type ControlReply struct {
	Report Report `json:"report"`          // without Snapshot and Links
	Error  string `json:"error,omitempty"` // why it could not do what it was asked
}
