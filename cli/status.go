package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

func statusVerb() *verb {
	return &verb{
		name: "status", category: lookVerbs, usage: "tells how the cluster fares", example: "gale status", run: runStatus,
		about: "Shows which Nimbus leads, how many supervisors and slots there are, and what is wrong.",
	}
}

func runStatus(i *invocation) error {
	return i.withClient(func(c *client.Client) error {
		s, err := c.Status(i.ctx)
		if err != nil {
			return err
		}
		return i.show(s, func(w io.Writer) error { return writeStatus(w, &s, time.Now()) })
	})
}

func writeStatus(w io.Writer, s *cluster.StatusResponse, now time.Time) error {
	t := &table{}
	t.row("Leader:", fmt.Sprintf("%s on %s, for %s (epoch %d)", s.Leader, s.Host, age(now.Sub(s.Since)), s.Epoch))
	t.row("Gale:", s.Gale)
	t.row("Supervisors:", fmt.Sprintf("%d up, %d lost", s.Supervisors, s.Lost))
	t.row("Slots:", outOf(s.Used, s.Slots)+" used")
	t.row("Topologies:", s.Topologies)
	problems := newTable("PROBLEM")
	for _, p := range s.Problems {
		problems.row(p)
	}
	return errors.Join(t.write(w), section(w, "Problems", problems))
}
