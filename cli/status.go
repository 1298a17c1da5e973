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
		all, err := c.Supervisors(i.ctx)
		if err != nil {
			return err
		}
		r := statusOf(s, all)
		return i.show(r, func(w io.Writer) error { return writeStatus(w, &r, time.Now()) })
	})
}

// statusResult is what status writes.
type statusResult struct {
	cluster.StatusResponse
	Usable  slots `json:"usable"`  // of supervisors that get workers
	Drained slots `json:"drained"` // of those that are up but get none: drained, or unhealthy
}

// slots are those of some supervisors.
type slots struct {
	Supervisors int `json:"supervisors"`
	Slots       int `json:"slots"`
	Used        int `json:"used"`
}

func (s *slots) add(v *cluster.SupervisorStatus) {
	s.Supervisors++
	s.Slots += v.Slots
	s.Used += v.Used
}

func statusOf(s cluster.StatusResponse, all []cluster.SupervisorStatus) statusResult {
	r := statusResult{StatusResponse: s}
	for k := range all {
		switch all[k].State {
		case "up":
			r.Usable.add(&all[k])
		case "drained", "unhealthy":
			r.Drained.add(&all[k])
		}
	}
	return r
}

func writeStatus(w io.Writer, s *statusResult, now time.Time) error {
	t := &table{}
	t.row("Leader:", fmt.Sprintf("%s on %s, for %s (epoch %d)", s.Leader, s.Host, age(now.Sub(s.Since)), s.Epoch))
	t.row("Gale:", s.Gale)
	t.row("Supervisors:", fmt.Sprintf("%d up, %d lost", s.Supervisors, s.Lost))
	t.row("Slots:", outOf(s.Usable.Used, s.Usable.Slots)+" used")
	if d := s.Drained; d.Supervisors > 0 {
		t.row("Drained:", fmt.Sprintf("%s slots used, on supervisors that get no workers: %d", outOf(d.Used, d.Slots), d.Supervisors))
	}
	t.row("Topologies:", s.Topologies)
	problems := newTable("PROBLEM")
	for _, p := range s.Problems {
		problems.row(p)
	}
	return errors.Join(t.write(w), section(w, "Problems", problems))
}
