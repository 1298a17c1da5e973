package cluster

import (
	"time"

	"github.com/galestream/gale/topology"
)

// Definition is what a program says of its topology when it is asked to describe it. No code of the program runs
// in Nimbus, which knows this only.
type Definition struct {
	Protocol   int               `json:"protocol"` // of describing and running: [Protocol]
	Gale       string            `json:"gale"`     // the version of Gale that the program was built with
	Go         string            `json:"go"`       // that of Go
	OS         string            `json:"os"`       // that the program runs on, as GOOS
	Arch       string            `json:"arch"`     // that the program runs on, as GOARCH
	Name       string            `json:"name"`
	Components []Component       `json:"components"`        // in the order of their ids
	Workers    int               `json:"workers"`           // processes that are wanted, at least 1
	Memory     int               `json:"memory,omitempty"`  // MiB that each worker may use; 0 for no limit
	Isolate    int               `json:"isolate,omitempty"` // supervisors that the topology wants for itself; 0 for none
	Labels     map[string]string `json:"labels,omitempty"`  // that its supervisors must have
	Timeout    time.Duration     `json:"timeout"`           // the message timeout
}

// Protocol is the version of what programs, Nimbus and supervisors say to each other. Nimbus refuses
// programs of another.
const Protocol = 1

// Component is a spout or bolt of a Definition.
type Component struct {
	ID          string   `json:"id"`
	Spout       bool     `json:"spout,omitempty"`
	Parallelism int      `json:"parallelism"`
	Inputs      []Input  `json:"inputs,omitempty"`
	Streams     []Stream `json:"streams,omitempty"`
	Memory      int      `json:"memory,omitempty"` // MiB that one task is said to need; 0: nothing is said
	CPU         int      `json:"cpu,omitempty"`    // percent of a core that one task is said to need; 0: nothing is said
}

// Input is a subscription of a bolt.
type Input struct {
	Component string   `json:"component"`
	Stream    string   `json:"stream"`
	Grouping  string   `json:"grouping"` // "shuffle", "fields", ...
	Fields    []string `json:"fields,omitempty"`
}

// Stream is a stream of a component.
type Stream struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
}

// Program is what the workers of a topology run.
type Program struct {
	Digest string            `json:"digest"`           // SHA-256 of the binary, 64 hexadecimal digits
	Size   int64             `json:"size"`             // bytes
	Args   []string          `json:"args,omitempty"`   // after the program's name; Gale's own flags included
	Env    map[string]string `json:"env,omitempty"`    // beyond what supervisors give every worker
	Config string            `json:"config,omitempty"` // the text of the YAML file that configures it, if any
}

// Status is what a topology is meant to do, or has come to.
type Status string

// The statuses of a topology.
const (
	Active   Status = "active"   // its spouts emit
	Inactive Status = "inactive" // its spouts are paused, what is under way goes on
	Killed   Status = "killed"   // it is being drained and removed
	Finished Status = "finished" // its sources have ended, every tree is complete, its workers are gone
	Failed   Status = "failed"   // a component's error ended it: Message says which; its workers are gone
)

// Topology is the record of a submitted topology.
type Topology struct {
	Name        string         `json:"name"`
	ID          string         `json:"id"`    // of this submission: no other topology ever has it. A NUID.
	Epoch       uint64         `json:"epoch"` // of the leader that wrote the record
	Definition  Definition     `json:"definition"`
	Program     Program        `json:"program"`
	Status      Status         `json:"status"`
	Resume      Status         `json:"resume,omitempty"`      // what Status was before it was killed
	Workers     int            `json:"workers"`               // that are wanted now
	Parallelism map[string]int `json:"parallelism,omitempty"` // by component, where it isn't the definition's
	Submitted   time.Time      `json:"submitted"`
	KilledAt    time.Time      `json:"killed_at,omitzero"`
	Wait        time.Duration  `json:"wait,omitempty"`    // how long a kill drains at most
	Message     string         `json:"message,omitempty"` // what people should know: why it failed, what a swap is waiting for
	Wanted      int            `json:"wanted"`            // the generation that should run
	Next        *Swap          `json:"next,omitempty"`    // what the wanted generation changes, while it isn't the running one

	// Previous is what ran before the running generation, until all workers of that have been seen to run; if they don't
	// come to that, it is what Nimbus goes back to. Nil: there is no way back.
	Previous *Swap `json:"previous,omitempty"`
	Reverted int   `json:"reverted,omitempty"` // the last generation from which Nimbus went back; 0: there was none
}

// Swap is a change to a running topology that new workers bring: of the program, the number of workers, the parallelism.
type Swap struct {
	Definition  Definition     `json:"definition"`
	Program     Program        `json:"program"`
	Workers     int            `json:"workers"`
	Parallelism map[string]int `json:"parallelism,omitempty"`
	Reason      string         `json:"reason"` // "rebalance", "replace" or "return"; of what ran before: why it was changed
	Since       time.Time      `json:"since"`
}

// Tasks returns how many tasks each component of d has with the given parallelism, which is by component and where d's own does not hold.
func (d *Definition) Tasks(parallelism map[string]int) map[string]int {
	tasks := map[string]int{}
	for _, c := range d.Components {
		tasks[c.ID] = c.Parallelism
		if n := parallelism[c.ID]; n > 0 {
			tasks[c.ID] = n
		}
	}
	return tasks
}

// Component returns the component of the id, nil when there is none.
func (d *Definition) Component(id string) *Component {
	for i := range d.Components {
		if d.Components[i].ID == id {
			return &d.Components[i]
		}
	}
	return nil
}

// TaskOwners returns the component of each task: task i+1 is of the component at i, as topology.Topology.Tasks gives ids out.
func (d *Definition) TaskOwners(parallelism map[string]int) []string {
	tasks := d.Tasks(parallelism)
	var owners []string
	for _, c := range d.Components {
		for range tasks[c.ID] {
			owners = append(owners, c.ID)
		}
	}
	return owners
}

// TaskID names a task within its topology.
type TaskID = topology.TaskID
