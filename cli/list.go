package cli

import (
	"fmt"
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
		if err := i.explain(c, all); err != nil {
			return err
		}
		return i.show(cluster.ListResponse{Topologies: list(all)}, func(w io.Writer) error { return listTable(all, time.Now()).write(w) })
	})
}

// maxExplained bounds how many topologies a list asks about.
const maxExplained = 20

// explain adds to a list what only descriptions tell: crashes that keep workers from running, and what is left of what is being killed.
func (i *invocation) explain(c *client.Client, all []cluster.Summary) error {
	asked := 0
	for k := range all {
		if !unexplained(&all[k]) || asked == maxExplained {
			continue
		}
		asked++
		d, err := c.Describe(i.ctx, all[k].Name)
		if err != nil && cluster.CodeOf(err) != cluster.NotFound { // it may be gone since it was listed
			return err
		}
		if err == nil {
			all[k].Message = explanation(&d)
		}
	}
	return nil
}

func unexplained(s *cluster.Summary) bool {
	over := s.Status == cluster.Finished || s.Status == cluster.Failed
	return s.Message == "" && !over && (s.Status == cluster.Killed || s.State != "running")
}

func explanation(d *cluster.Description) string {
	if d.Status == cluster.Killed {
		return fmt.Sprintf("processes left: %d", processes(d))
	}
	for _, generation := range []int{d.Wanted, d.Generation} {
		if crash := client.LastCrash(d, generation); crash != nil {
			return client.Crashed(crash)
		}
	}
	return d.Message
}

func listTable(all []cluster.Summary, now time.Time) *table {
	t := newTable("NAME", "STATUS", "STATE", "WORKERS", "TASKS", "GENERATION", "AGE", "MESSAGE")
	for _, s := range all {
		t.row(s.Name, s.Status, s.State, outOf(s.Running, s.Workers), s.Tasks, s.Generation, age(now.Sub(s.Submitted)), orNone(s.Message))
	}
	return t
}
