package client

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/galestream/gale/cluster"
)

// LogQuery says which lines of the logs of a topology's workers to read.
type LogQuery struct {
	Topology  string // the topology's name
	Worker    string // only of the workers whose id ends so, as ids differ at their end; empty for all
	Component string // only lines of this component; empty for all
	Grep      string // only lines that match this regular expression (RE2); empty for all
	Tail      int    // the last so many lines of each worker, at most cluster.MaxLogTail; 0 is 100
	Follow    bool   // go on with what comes, until ctx is done or the topology is gone
}

// LogLine is a line of the log of a worker.
type LogLine struct {
	Worker     string `json:"worker"`
	Supervisor string `json:"supervisor"`
	Text       string `json:"text"`
	Notice     bool   `json:"notice,omitempty"` // the text is not of the log, but says why a part of it is not here
}

const workersAnew = 10 // every so many looks at the logs, it is looked which workers there are

// Logs calls each with the lines that q asks for: those that are there worker by worker, each worker's in their order; then, with q.Follow,
// those that come, some ten times a second. An error of each ends it and is returned.
//
// A worker whose log can't be read now is told of by a notice, and tried again when following. It is an error
// when no log could be read at all.
func (c *Client) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	r := &logReader{c: c, q: q, each: each, from: map[string]string{}, silent: map[string]bool{}}
	if err := r.findSources(ctx); err != nil {
		return err
	}
	if err := r.readAll(ctx); err != nil || !q.Follow {
		return firstOf(err, r.unread)
	}
	r.later = true
	return r.follow(ctx)
}

// firstOf returns the first that is one.
func firstOf(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// logReader reads the logs of the workers of a topology.
type logReader struct {
	c       *Client
	q       LogQuery
	each    func(LogLine) error
	id      string // the topology's
	sources []logSource
	from    map[string]string // by worker: where to go on
	silent  map[string]bool   // workers whose log could not be read the last time
	read    bool              // some log could be read
	unread  error             // why the last log could not be read, while none could
	later   bool              // workers that appear now are new: all of their log is wanted
}

// logSource is a worker and the supervisor that has its log.
type logSource struct{ worker, supervisor string }

// findSources asks which workers there are.
func (r *logReader) findSources(ctx context.Context) error {
	d, err := r.c.Describe(ctx, r.q.Topology)
	if err != nil {
		return err
	}
	if r.id != "" && d.ID != r.id {
		return cluster.Errorf(cluster.NotFound, "topology %q is gone, there is a new one of the name", r.q.Topology)
	}
	r.id, r.sources = d.ID, nil
	for _, w := range d.Workers {
		if strings.HasSuffix(w.ID, r.q.Worker) {
			r.sources = append(r.sources, logSource{w.ID, w.Supervisor})
		}
	}
	if len(r.sources) > 0 || r.q.Worker == "" {
		return nil
	}
	return r.findEnded(ctx)
}

// findEnded is for a worker that is not there any more: some supervisor may have its log still.
func (r *logReader) findEnded(ctx context.Context) error {
	if err := cluster.CheckID(r.q.Worker); err != nil {
		return &cluster.Error{Code: cluster.Invalid, Message: "worker: " + err.Error()}
	}
	all, err := r.c.Supervisors(ctx)
	for _, s := range all {
		if s.State != "lost" {
			r.sources = append(r.sources, logSource{r.q.Worker, s.ID})
		}
	}
	return err
}

func (r *logReader) readAll(ctx context.Context) error {
	for _, s := range r.sources {
		if err := r.readWorker(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// readWorker passes on what there is of the log of one worker.
func (r *logReader) readWorker(ctx context.Context, s logSource) error {
	for more := true; more; {
		answer, err := r.ask(ctx, s)
		if err != nil {
			return r.failed(ctx, s, err)
		}
		r.from[s.worker], more = answer.Next, answer.More
		r.silent[s.worker], r.read, r.unread = false, true, nil
		if err := r.pass(s, answer); err != nil {
			return err
		}
	}
	return nil
}

func (r *logReader) ask(ctx context.Context, s logSource) (cluster.LogsResponse, error) {
	request := cluster.LogsRequest{
		TopologyID: r.id, Worker: s.worker, From: r.from[s.worker], Tail: r.q.Tail, Component: r.q.Component, Grep: r.q.Grep,
	}
	if r.later && request.From == "" {
		request.Tail = cluster.MaxLogTail
	}
	return r.c.readLog(ctx, s.supervisor, request)
}

func (c *Client) readLog(ctx context.Context, supervisor string, request cluster.LogsRequest) (cluster.LogsResponse, error) {
	if err := request.Validate(); err != nil {
		return cluster.LogsResponse{}, err
	}
	m, err := c.requestOnce(ctx, cluster.SupervisorSubject(supervisor, cluster.SupervisorLogs), request)
	if err != nil {
		return cluster.LogsResponse{}, c.explainSupervisor(ctx, supervisor, err)
	}
	return decode[cluster.LogsResponse](m)
}

func (r *logReader) pass(s logSource, answer cluster.LogsResponse) error {
	if answer.Skipped > 0 {
		if err := r.notice(s, fmt.Sprintf("%d bytes of the log were rotated away", answer.Skipped)); err != nil {
			return err
		}
	}
	for _, text := range answer.Lines {
		if err := r.each(LogLine{Worker: s.worker, Supervisor: s.supervisor, Text: text}); err != nil {
			return err
		}
	}
	return nil
}

func (r *logReader) notice(s logSource, text string) error {
	return r.each(LogLine{Worker: s.worker, Supervisor: s.supervisor, Text: text, Notice: true})
}

// failed tells, once, that a worker's log can't be read. Only what asking again can't mend is an error: a
// request that is wrong, or not allowed.
func (r *logReader) failed(ctx context.Context, s logSource, err error) error {
	code := cluster.CodeOf(err)
	if ctx.Err() != nil || code == cluster.Invalid || code == cluster.Unauthorized {
		return err
	}
	if !r.read {
		r.unread = err
	}
	if r.silent[s.worker] {
		return nil
	}
	r.silent[s.worker] = true
	return r.notice(s, err.Error())
}

// follow reads what comes until the topology is gone.
func (r *logReader) follow(ctx context.Context) error {
	for n := 1; sleep(ctx, r.c.pause); n++ {
		if n%workersAnew == 0 {
			if err := r.findSources(ctx); err != nil {
				return unlessGone(err)
			}
		}
		if err := r.readAll(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func unlessGone(err error) error {
	if cluster.CodeOf(err) == cluster.NotFound {
		return nil
	}
	return err
}
