package client

import (
	"context"

	"github.com/galestream/gale/cluster"
)

// Submission asks for a topology to be run. The zero value of all but Program means what the program's topology says.
type Submission struct {
	Program     Program
	Definition  *cluster.Definition // what DefinitionOf has said of Program; nil: Submit asks for it
	Workers     int                 // processes, instead of the definition's
	Parallelism map[string]int      // tasks by component, instead of the definition's
	Inactive    bool                // spouts don't emit until the topology is activated
	Replace     bool                // swap the program of the running topology of that name
	DryRun      bool                // check and plan only: the cluster keeps nothing

	// Cross builds Program for another platform, and returns the path of what it has built. Submit calls it, at most once, when the topology
	// has no place among the supervisors of the platform that Definition names, and has one among those of another: what it has built is
	// uploaded instead. [Binary.Cross] is one. With nil Program is all there is.
	Cross func(ctx context.Context, goos, goarch string) (path string, err error)

	// Progress is called while the program is uploaded, with how many bytes of how many are sent. A program that is
	// there already is not sent: then it is not called. It may be nil.
	Progress func(sent, total int64)
}

// Submit has the topology of a built program run. It describes the program, has the cluster check and plan it, uploads the program
// if it is not there yet, and submits. It returns when Nimbus has recorded it all; [Client.WaitRunning] waits until it runs.
//
// A submission that is refused runs nothing, and mostly it is refused before anything is sent. A program that was sent by then stays in the store, since
// another may count on it; the cluster removes those that none runs when they are old.
func (c *Client) Submit(ctx context.Context, s Submission) (cluster.SubmitResponse, error) {
	request, err := s.request(ctx)
	if err != nil {
		return cluster.SubmitResponse{}, err
	}
	plan, err := c.try(ctx, &s, &request)
	if err != nil || s.DryRun {
		return plan, err
	}
	r, err := c.deliver(ctx, &s, &request)
	if cluster.CodeOf(err) == cluster.Invalid && !c.stored(ctx, request.Program) {
		return c.deliver(ctx, &s, &request) // it was there, and was removed since: the last topology that ran it was killed
	}
	return r, err
}

// deliver uploads the program, if it is not there yet, and submits.
func (c *Client) deliver(ctx context.Context, s *Submission, r *cluster.SubmitRequest) (cluster.SubmitResponse, error) {
	if err := c.upload(ctx, s.Program.Path, r.Program, s.Progress); err != nil {
		return cluster.SubmitResponse{}, err
	}
	return call[cluster.SubmitResponse](ctx, c, cluster.VerbSubmit, r)
}

func (s *Submission) request(ctx context.Context) (r cluster.SubmitRequest, err error) {
	if s.Definition == nil {
		d, err := DefinitionOf(ctx, s.Program)
		if err != nil {
			return r, err
		}
		s.Definition = &d
	}
	r = cluster.SubmitRequest{Definition: *s.Definition, Workers: s.Workers, Parallelism: s.Parallelism, Inactive: s.Inactive, Replace: s.Replace}
	if r.Program, err = s.Program.record(); err != nil {
		return r, err
	}
	return r, r.Validate()
}

// record is what the cluster keeps of the program, beside its bytes.
func (p *Program) record() (cluster.Program, error) {
	sum, size, err := digest(p.Path)
	return cluster.Program{Digest: sum, Size: size, Args: p.Args, Env: p.Env, Config: p.Config}, err
}
