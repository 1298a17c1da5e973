package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

func supervisorsVerb() *verb {
	return &verb{
		name: "supervisors", category: lookVerbs, usage: "lists supervisors", example: "gale supervisors", run: runSupervisors,
		about: "Lists the supervisors that the cluster knows, also those that are lost.",
	}
}

func runSupervisors(i *invocation) error {
	return i.withClient(func(c *client.Client) error {
		all, err := c.Supervisors(i.ctx)
		if err != nil {
			return err
		}
		return i.show(cluster.SupervisorsResponse{Supervisors: list(all)}, func(w io.Writer) error { return supervisorTable(all, time.Now()).write(w) })
	})
}

func supervisorTable(all []cluster.SupervisorStatus, now time.Time) *table {
	t := newTable("SUPERVISOR", "HOST", "STATE", "SLOTS", "MEMORY", "CPU", "LABELS", "GALE", "UPTIME", "SEEN", "HEALTH")
	for _, s := range all {
		t.row(s.ID, s.Host.Host, s.State, outOf(s.Used, s.Slots), size(int64(s.Memory)<<20), fmt.Sprintf("%d%%", s.CPU), orNone(labels(s.Labels)), s.Gale,
			age(now.Sub(s.Started)), age(s.Silence)+" ago", orNone(s.Health))
	}
	return t
}

func labels(m map[string]string) string {
	var all []string
	for k, v := range m {
		all = append(all, k+"="+v)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
