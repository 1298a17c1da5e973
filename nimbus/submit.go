package nimbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// submit runs a topology, or checks and plans only. One that is refused leaves nothing behind but its program, which another may have
// uploaded, or count on, and which is collected when it is old.
func (l *leader) submit(r *cluster.SubmitRequest) (any, error) {
	if err := checkSubject(r.Definition.Name); err != nil {
		return nil, err
	}
	if err := l.checkPlatform(&r.Definition); err != nil {
		return nil, err
	}
	if r.Replace {
		return l.replaceProgram(r)
	}
	if err := l.checkFree(r.Definition.Name); err != nil {
		return nil, err
	}
	return l.add(r)
}

// checkSubject: names are parts of NATS subjects, whose parts between dots can't be empty.
func checkSubject(name string) error {
	if strings.Contains(name, "..") || strings.HasSuffix(name, ".") {
		return cluster.Errorf(cluster.Invalid, "the name %q can't be used: it ends in a dot, or has two in a row", name)
	}
	return nil
}

func (l *leader) checkFree(name string) error {
	if why := l.broken[cluster.TopologyPrefix+name]; why != "" {
		return unreadable(name, why)
	}
	if d := l.deployments[name]; d != nil {
		hint := fmt.Sprintf("kill it first with `gale kill %s`, or replace its program with --replace", name)
		if d.record.Status == cluster.Killed {
			hint = "wait until it is gone"
		}
		return cluster.Errorf(cluster.Conflict, "there is a topology %q already; it is %s", name, d.record.Status).WithHint("%s", hint)
	}
	if l.dropping[name] {
		return cluster.Errorf(cluster.Conflict, "the state that a topology %q has left is being dropped", name).WithHint("try again in some seconds")
	}
	if len(l.deployments) >= maxTopologies {
		return cluster.Errorf(cluster.NoRoom, "there are %d topologies, more can't be", maxTopologies)
	}
	return nil
}

// checkPlatform refuses a program that none of the supervisors that the topology may use can run.
func (l *leader) checkPlatform(d *cluster.Definition) error {
	now := time.Now()
	others := map[string]bool{}
	for _, v := range l.supervisors {
		h := &v.record.Host
		if !l.up(v, now) || v.emptied() || !hasLabels(h.Labels, d.Labels) {
			continue
		}
		if (d.OS == "" || d.OS == h.OS) && (d.Arch == "" || d.Arch == h.Arch) {
			return nil
		}
		others[h.OS+"/"+h.Arch] = true
	}
	if len(others) == 0 {
		return nil // nothing can be placed, which the plan will say
	}
	return cluster.Errorf(cluster.Invalid, "the program is for %s/%s, the supervisors are %s", d.OS, d.Arch, strings.Join(slices.Sorted(maps.Keys(others)), ", ")).
		WithHint("give `gale submit` the folder of its package main, which it builds for them; or run it on such a machine, with a program for that")
}

func hasLabels(have, want map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// add runs a topology that is not there yet.
func (l *leader) add(r *cluster.SubmitRequest) (any, error) {
	d := newDeployment(newTopology(r))
	g, problem := l.generation(d, wishOf(&d.record), d.record.Wanted, nil, time.Now())
	if problem != "" {
		return nil, l.noRoom(r.Definition.Name, problem)
	}
	a := cluster.Assignment{Active: d.record.Status == cluster.Active, Current: g}
	if err := l.fits(d.record, a); err != nil {
		return nil, err
	}
	if r.DryRun {
		return l.submitted("", 1, g, &d.record.Definition), nil
	}
	if err := l.checkProgram(&r.Program); err != nil {
		return nil, err
	}
	if err := l.putTopology(d, d.record); err != nil {
		return nil, err
	}
	l.deployments[d.record.Name] = d
	l.log.Info("submitted", zap.String("topology", d.record.Name), zap.String("id", d.record.ID), zap.Int("workers", len(g.Workers)))
	return l.submitted(d.record.ID, 1, g, &d.record.Definition), l.assign(d, a)
}

func newTopology(r *cluster.SubmitRequest) cluster.Topology {
	t := cluster.Topology{
		Name: r.Definition.Name, ID: nuid.Next(), Definition: r.Definition, Program: r.Program, Status: cluster.Active,
		Workers: r.Definition.Workers, Parallelism: r.Parallelism, Submitted: time.Now().UTC(), Wanted: 1,
	}
	if r.Workers > 0 {
		t.Workers = r.Workers
	}
	if r.Inactive {
		t.Status = cluster.Inactive
	}
	return t
}

func (l *leader) submitted(id string, generation int, g *cluster.Generation, d *cluster.Definition) *cluster.SubmitResponse {
	p := l.placement(g, d)
	if id == "" { // of a dry run: there are no such workers
		for i := range p {
			p[i].Worker = ""
		}
	}
	return &cluster.SubmitResponse{Name: d.Name, ID: id, Generation: generation, Placement: p}
}

func (l *leader) noRoom(name, problem string) error {
	return cluster.Errorf(cluster.NoRoom, "there is no room for topology %q: %s", name, problem).WithHint("%s", l.roomHint())
}

// roomHint says how many slots there are, and how there come to be more.
func (l *leader) roomHint() string {
	now, slots, used := time.Now(), 0, l.used()
	free := 0
	for id, v := range l.supervisors {
		if l.up(v, now) && !v.emptied() {
			slots += v.record.Slots
			free += max(0, v.record.Slots-used[id])
		}
	}
	return fmt.Sprintf("of %d slots in the cluster %d are free; ask for fewer workers with --workers, start supervisors, or kill what is not needed", slots, free)
}

// fits refuses what is too large to be written. Records of a swap are the largest; they hold the old and the new.
func (l *leader) fits(t cluster.Topology, a cluster.Assignment) error {
	limit := min(int(l.nc.MaxPayload()), 1<<20) - 8<<10 // headers, and what grows: messages, ids
	for what, record := range map[string]any{"definition": t, "assignment": a} {
		value, err := json.Marshal(record)
		if err != nil {
			return cluster.Errorf(cluster.Invalid, "the %s can't be written: %v", what, err)
		}
		if len(value) > limit {
			return cluster.Errorf(cluster.Invalid, "the %s of topology %q has %d bytes, at most %d can be", what, t.Name, len(value), limit).
				WithHint("fewer tasks, or less configuration and arguments, make it smaller")
		}
	}
	return nil
}

// checkProgram refuses a program that was not uploaded, or not all of it.
func (l *leader) checkProgram(p *cluster.Program) error {
	ctx, cancel := context.WithTimeout(l.ctx, storeTime)
	defer cancel()
	info, err := l.programs.GetInfo(ctx, p.Digest)
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return cluster.Errorf(cluster.Invalid, "the program %s was not uploaded", p.Digest).WithHint("upload it before it is submitted")
	case err != nil:
		return cluster.Errorf(cluster.Unavailable, "looking for the program %s: %v", p.Digest, err)
	case info.Size != uint64(p.Size):
		return cluster.Errorf(cluster.Invalid, "the program %s has %d bytes in the store, not %d", p.Digest, info.Size, p.Size).WithHint("upload it again")
	}
	return l.checkWhole(ctx, info)
}

func (l *leader) checkWhole(ctx context.Context, info *jetstream.ObjectInfo) error {
	s, err := l.shelf(ctx)
	whole := false
	if err == nil {
		whole, err = s.whole(ctx, info)
	}
	switch {
	case err != nil:
		return cluster.Errorf(cluster.Unavailable, "looking for the program %s: %v", info.Name, err)
	case !whole:
		l.discard(info.Name) // it is of use to nobody, and in the way of the next upload
		return cluster.Errorf(cluster.Invalid, "the program %s was not uploaded whole", info.Name).WithHint("upload it again")
	}
	return nil
}
