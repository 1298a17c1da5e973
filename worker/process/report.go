package process

import (
	"encoding/json"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
	"go.uber.org/zap"
)

const reportInterval = time.Second

// report tells Nimbus, and whoever else listens, how the worker fares. The loop's.
func (h *host) report() {
	r := h.brief()
	if t := h.running(); t != nil {
		r.Snapshot = t.worker.Snapshot()
		r.Links, r.Refused = t.linkStates(), t.node.Refused()
	}
	if err := h.publish(r); err != nil {
		h.log.Debug("a report could not be sent", zap.Error(err))
	}
}

// publish sends a report. One that is more than NATS takes is cut, at last to what Nimbus must know.
func (h *host) publish(r cluster.Report) error {
	for cut := 0; ; cut++ {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if int64(len(data)) <= h.nc.MaxPayload() || cut == len(cuts) {
			h.noteCut(cut, len(data))
			return h.nc.Publish(cluster.ReportSubject(h.spec.TopologyID, h.spec.Worker), data)
		}
		cuts[cut](&r)
	}
}

// cuts are what a report does without when it is too large, one after the other.
var cuts = []func(r *cluster.Report){
	func(r *cluster.Report) { r.Snapshot.Errors, r.Snapshot.Edges, r.Links = nil, nil, nil },
	func(r *cluster.Report) {
		for i := range r.Snapshot.Tasks {
			t := &r.Snapshot.Tasks[i]
			t.Counters, t.Gauges, t.Own = nil, nil, nil
		}
	},
	func(r *cluster.Report) { r.Snapshot.Tasks = nil },
}

// noteCut logs what reports do without, when that changes.
func (h *host) noteCut(cut, size int) {
	if cut > h.cut {
		h.log.Warn("the worker's figures are too many for one report; some are left out", zap.Int("bytes left", size), zap.Int("steps of cutting", cut))
	}
	h.cut = cut
}

// brief is a report without the figures.
func (h *host) brief() cluster.Report {
	r := cluster.Report{
		Topology: h.spec.Topology, TopologyID: h.spec.TopologyID, Worker: h.spec.Worker, Life: h.spec.Life,
		Seq: h.seq.Add(1), Phase: h.currentPhase(), Version: h.version.Load(), At: time.Now(),
	}
	if f := h.fatal.Load(); f != nil {
		r.Fatal = *f
	}
	t := h.running()
	if t == nil {
		r.Progress = cluster.Progress{SourcesOver: true, Quiet: true}
		return r
	}
	active, drained := t.valve.state()
	r.Generation, r.Active = t.generation, active && r.Phase != cluster.Opening
	if drained && r.Phase == cluster.Running {
		r.Phase = cluster.Draining
	}
	r.Progress = progress(t.worker.Progress())
	r.Progress.Quiet = r.Progress.Quiet && (r.Phase == cluster.Running || drained)
	return r
}

func progress(p worker.Progress) cluster.Progress {
	return cluster.Progress{
		SourcesOver: p.SourcesOver, Ended: p.Ended, Quiet: p.Quiet, Pending: p.Pending, Holding: p.Holding,
		Sent: p.Sent, Taken: p.Handled, Moved: p.Moved,
	}
}

func (t *tasks) linkStates() (links []cluster.Link) {
	for i := range t.known.ids() {
		p := t.node.Peer(i)
		if p == nil {
			continue
		}
		s := p.Stats()
		slot, _ := t.known.slot(i)
		links = append(links, cluster.Link{
			Peer: i, Up: s.Up, Sent: s.Sent, Resent: s.Resent, Received: s.Received, Duplicates: s.Duplicates, Refused: s.Refused,
			Bytes: s.Bytes, Unconfirmed: s.Unconfirmed, Blocked: s.Blocked, Dropped: t.worker.Dropped(slot),
		})
	}
	return links
}
