package client

import (
	"cmp"
	"context"
	"slices"

	"github.com/galestream/gale/cluster"
)

// platform is what a program runs on, as GOOS and GOARCH have it.
type platform struct{ os, arch string }

// try has the cluster check and plan what is asked for. Where no supervisor of the program's platform has a place for it and those of another
// have, the program is built for that, and s and r are about what was built from then on.
func (c *Client) try(ctx context.Context, s *Submission, r *cluster.SubmitRequest) (cluster.SubmitResponse, error) {
	plan, err := c.trial(ctx, *r)
	if err == nil || s.Cross == nil || !mayFitElsewhere(err) {
		return plan, err
	}
	native := platform{r.Definition.OS, r.Definition.Arch}
	all, unknown := c.platforms(ctx, r.Definition.Labels)
	if unknown != nil {
		return plan, err
	}
	for i, other := range all {
		if other == native {
			continue
		}
		r.Definition.OS, r.Definition.Arch = other.os, other.arch
		there, refusal := c.trial(ctx, *r)
		if refusal == nil {
			return there, s.rebuild(ctx, r)
		}
		if i == 0 && !slices.Contains(all, native) {
			err = refusal // nobody has asked for the native one, which only describes the topology
		}
	}
	return plan, err
}

func (c *Client) trial(ctx context.Context, r cluster.SubmitRequest) (cluster.SubmitResponse, error) {
	r.DryRun = true
	return call[cluster.SubmitResponse](ctx, c, cluster.VerbSubmit, r)
}

// mayFitElsewhere reports whether a refusal may be one of the platform only: as there is no supervisor of it, or none with room.
func mayFitElsewhere(err error) bool {
	return cluster.CodeOf(err) == cluster.Invalid || cluster.CodeOf(err) == cluster.NoRoom
}

// platforms returns those of the supervisors that a topology may use, the one with the most free slots first. All workers of a topology run one
// program, and so are on one platform.
func (c *Client) platforms(ctx context.Context, labels map[string]string) ([]platform, error) {
	supervisors, err := c.Supervisors(ctx)
	free := map[platform]int{}
	for _, s := range supervisors {
		if s.State == "up" && labelled(s.Labels, labels) {
			free[platform{s.OS, s.Arch}] += max(0, s.Slots-s.Used)
		}
	}
	all := make([]platform, 0, len(free))
	for p := range free {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b platform) int {
		return cmp.Or(cmp.Compare(free[b], free[a]), cmp.Compare(a.os, b.os), cmp.Compare(a.arch, b.arch))
	})
	return all, err
}

func labelled(have, want map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// rebuild builds the program for the platform that r names, and has both be about that.
func (s *Submission) rebuild(ctx context.Context, r *cluster.SubmitRequest) (err error) {
	if s.Program.Path, err = s.Cross(ctx, r.Definition.OS, r.Definition.Arch); err != nil {
		return err
	}
	r.Program, err = s.Program.record()
	return err
}
