package cli

import (
	"io"
	"strconv"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

func workersVerb() *verb {
	return &verb{
		name: "workers", category: lookVerbs, usage: "lists workers", args: "[NAME]", example: "gale workers wordcount", run: runWorkers,
		about: "Lists the workers of a topology, or of all.", complete: completeTopology,
	}
}

// workersResult is what workers writes.
type workersResult struct {
	Workers []workerOf `json:"workers"`
}

// workerOf is a worker and the topology that it belongs to.
type workerOf struct {
	Topology string `json:"topology"`
	cluster.WorkerStatus
}

func runWorkers(i *invocation) error {
	if i.NArg() > 0 {
		if _, err := i.topology(); err != nil {
			return err
		}
	}
	return i.withClient(func(c *client.Client) error {
		names, err := i.topologies(c)
		if err != nil {
			return err
		}
		r := workersResult{Workers: []workerOf{}}
		for _, name := range names {
			d, err := c.Describe(i.ctx, name)
			if i.NArg() == 0 && cluster.CodeOf(err) == cluster.NotFound {
				continue // it was killed since they were listed
			}
			if err != nil {
				return err
			}
			r.Workers = append(r.Workers, workersOf(&d)...)
		}
		return i.show(r, func(w io.Writer) error { return workerTable(r.Workers).write(w) })
	})
}

// topologies are the one that is named, else all.
func (i *invocation) topologies(c *client.Client) (names []string, err error) {
	if i.NArg() > 0 {
		return []string{i.Args().First()}, nil
	}
	all, err := c.List(i.ctx)
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names, err
}

// workersOf returns a topology's workers. One that does not run again since its last crash has that for its error.
func workersOf(d *cluster.Description) (all []workerOf) {
	for _, w := range d.Workers {
		crash := client.LastCrashOf(d, w.ID)
		if w.Error == "" && crash != nil && (w.Phase != cluster.Running || w.State != "running") {
			w.Error = client.Crashed(crash)
		}
		all = append(all, workerOf{d.Name, w})
	}
	return all
}

func workerTable(all []workerOf) *table {
	t := newTable("WORKER", "TOPOLOGY", "SUPERVISOR", "HOST", "PID", "PHASE", "PROCESS", "RESTARTS", "MEMORY", "UPTIME", "TASKS", "ERROR")
	for _, w := range all {
		t.row(short(w.ID), w.Topology, w.Supervisor, w.Host, pid(w.PID), orNone(string(w.Phase)), orNone(w.State), w.Restarts, size(w.RSS), age(w.Uptime), tally(w.Tasks), orNone(w.Error))
	}
	return t
}

// pid is none for a worker that has no process.
func pid(id int) string {
	if id == 0 {
		return "-"
	}
	return strconv.Itoa(id)
}
