package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/galestream/gale/cluster"
)

// LogQuery says which lines of the logs of a topology's workers to read.
type LogQuery struct {
	Topology  string // the topology's name
	Worker    string // only of the workers whose id ends so, as ids differ at their end; empty for all
	Component string // only lines of this component; empty for all
	Grep      string // only lines that match this regular expression (RE2); empty for all
	Tail      int    // the last so many lines of each worker, at most cluster.MaxLogTail; 0 is 100
	Follow    bool   // go on with what comes, until ctx is done or the topology is over: finished, failed, or gone
}

// LogLine is a line of the log of a worker.
type LogLine struct {
	Worker     string `json:"worker"`
	Supervisor string `json:"supervisor"`
	Text       string `json:"text"`
	Notice     bool   `json:"notice,omitempty"` // the text is not of the log, but says why a part of it is not here
}

// Logs calls each with the lines that q asks for: those that are there worker by worker, each worker's in their order; then, with q.Follow,
// those that come, some ten times a second. An error of each ends it and is returned.
//
// A worker whose log can't be read now is told of by a notice, and tried again when following. It is an error
// when no log could be read at all. Of a topology that is over, the workers are gone, and what supervisors keep of their logs is told by worker only:
// Logs then looks for those that have crashed, and for q.Worker, if that is a whole id.
func (c *Client) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	r := &logReader{c: c, q: q, each: each, from: map[string]string{}, silent: map[string]bool{}}
	if err := r.findSources(ctx); err != nil {
		return err
	}
	if err := r.readAll(ctx); err != nil || !q.Follow || r.over {
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
	id      string            // the topology's
	sources []logSource       // to be read now
	known   []logSource       // to be read from now on
	from    map[string]string // by worker: where to go on
	silent  map[string]bool   // workers whose log could not be read the last time
	read    bool              // some log could be read
	unread  error             // why the last log could not be read, while none could
	over    bool              // the topology is: no line comes any more
	later   bool              // workers that appear now are new: all of their log is wanted
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
	var e cluster.Error
	if err := json.Unmarshal(m.Data, &e); err == nil && e.Code != "" { // supervisors answer without headers
		return cluster.LogsResponse{}, &e
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
// request that is wrong, or not allowed. A log that isn't there is no news: it
// may not be there yet, or be elsewhere.
func (r *logReader) failed(ctx context.Context, s logSource, err error) error {
	code := cluster.CodeOf(err)
	if ctx.Err() != nil || code == cluster.Invalid || code == cluster.Unauthorized {
		return err
	}
	if !r.read {
		r.unread = err
	}
	if r.silent[s.worker] || code == cluster.NotFound {
		return nil
	}
	r.silent[s.worker] = true
	return r.notice(s, err.Error())
}
