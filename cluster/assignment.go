package cluster

import "slices"

// Assignment is the record of which workers a topology has, where they are, and which tasks each runs.
type Assignment struct {
	Topology string      `json:"topology"`           // the topology's name
	ID       string      `json:"id"`                 // the topology's id
	Epoch    uint64      `json:"epoch"`              // of the leader that wrote it
	Version  uint64      `json:"version"`            // goes up with each write of this record
	Active   bool        `json:"active"`             // whether spouts may emit
	Draining bool        `json:"draining,omitempty"` // a swap drains Current: there is no way back, and nobody's spouts may emit until Next is current
	Current  *Generation `json:"current,omitempty"`  // whose tasks run; nil when none do
	Next     *Generation `json:"next,omitempty"`     // whose processes are started, but whose tasks wait; nil for none
}

// Generation is a set of workers that run all tasks of a topology together. A change to a running topology
// makes a new one; the loss of a supervisor replaces workers within it.
type Generation struct {
	Number      int            `json:"number"` // from 1, never used twice in a topology
	Program     Program        `json:"program"`
	Parallelism map[string]int `json:"parallelism"`      // of every component
	Memory      int            `json:"memory,omitempty"` // MiB that each worker may use; 0 for no limit
	Workers     []Worker       `json:"workers"`
}

// Worker is a process of a topology.
type Worker struct {
	ID         string   `json:"id"`         // in no other place or time is there another of this id. A NUID.
	Supervisor string   `json:"supervisor"` // that runs it
	Tasks      []TaskID `json:"tasks"`      // in ascending order
}

// Owner returns the worker that runs the task, nil when there is none.
func (g *Generation) Owner(task TaskID) *Worker {
	for i := range g.Workers {
		if _, ok := slices.BinarySearch(g.Workers[i].Tasks, task); ok {
			return &g.Workers[i]
		}
	}
	return nil
}

// Worker returns the worker of the id, nil when g has none; g may be nil.
func (g *Generation) Worker(id string) *Worker {
	if g == nil {
		return nil
	}
	for i := range g.Workers {
		if g.Workers[i].ID == id {
			return &g.Workers[i]
		}
	}
	return nil
}
