package cli

import (
	"io"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

func listVerb() *verb {
	return &verb{
		name: "list", category: lookVerbs, usage: "lists topologies", example: "gale list -o json", run: runList,
		about: "Lists all topologies, also those that have finished or failed and were not killed yet.",
	}
}

func runList(i *invocation) error {
	return i.withClient(func(c *client.Client) error {
		all, err := c.List(i.ctx)
		if err != nil {
			return err
		}
		return i.show(cluster.ListResponse{Topologies: list(all)}, func(w io.Writer) error { return listTable(all, time.Now()).write(w) })
	})
}

func listTable(all []cluster.Summary, now time.Time) *table {
	t := newTable("NAME", "STATUS", "STATE", "WORKERS", "TASKS", "GENERATION", "AGE", "MESSAGE")
	for _, s := range all {
		t.row(s.Name, s.Status, s.State, outOf(s.Running, s.Workers), s.Tasks, s.Generation, age(now.Sub(s.Submitted)), orNone(s.Message))
	}
	return t
}
