package cluster

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
)

// Limits of what a request may ask for.
const (
	MaxWorkers     = 1024
	MaxTasks       = 65535 // as many as an acker.RootID can name
	MaxComponents  = 1000
	MaxArgs        = 1000
	MaxArgsBytes   = 128 << 10 // of arguments and environment together
	MaxConfigBytes = 256 << 10
	MaxProgram     = 512 << 20 // bytes of a program
	MaxKillWait    = time.Hour
	MaxMemory      = 16 << 20 // MiB
	MaxLogTail     = 10_000
	maxGrep        = 1 << 10
	maxLabels      = 64
)

// Validated is a request that can be checked. Every server of a request checks it before it does anything else.
type Validated interface{ Validate() error }

// problems collects what is wrong with a request.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		p.add(format, args...)
	}
}

func (p *problems) name(what, name string) {
	if err := topology.CheckName(name); err != nil {
		p.add("%s: %v", what, err)
	} else if strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		p.add("%s: %q has a dot at its end or two in a row, which no NATS subject can have", what, cut(name))
	}
}

// inRange admits 0, which leaves a thing as it is.
func (p *problems) inRange(what string, n, limit int) {
	p.check(n >= 0 && n <= limit, "%s is %d, must be in 1..%d", what, n, limit)
}

func (p problems) err(what string) error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return &Error{Code: Invalid, Message: what + ": " + p[0]}
	}
	return &Error{Code: Invalid, Message: fmt.Sprintf("%s: %d problems", what, len(p)), Problems: p}
}

var (
	idPattern         = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
	supervisorPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	digestPattern     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	envPattern        = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
)

// CheckSupervisorID returns an error unless id may name a supervisor or a Nimbus.
func CheckSupervisorID(id string) error {
	if !supervisorPattern.MatchString(id) {
		return fmt.Errorf("%q is no id: it must match [A-Za-z0-9][A-Za-z0-9_-]{0,63}", cut(id))
	}
	return nil
}

// CheckID returns an error unless id has the form of the id of a topology or a worker.
func CheckID(id string) error {
	if !idPattern.MatchString(id) {
		return fmt.Errorf("%q is no id: it must match [A-Za-z0-9]{1,64}", cut(id))
	}
	return nil
}

// CheckDigest returns an error unless digest has the form of a program's digest.
func CheckDigest(digest string) error {
	if !digestPattern.MatchString(digest) {
		return fmt.Errorf("%q is no SHA-256 in 64 lower-case hexadecimal digits", cut(digest))
	}
	return nil
}

func cut(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// Validate has nothing to check.
func (Empty) Validate() error { return nil }

// Validate checks the name.
func (r *NameRequest) Validate() error {
	var p problems
	p.name("topology", r.Name)
	return p.err("the request is wrong")
}

// Validate checks the name, if there is one.
func (r *ReadStateRequest) Validate() error {
	if r.Name == "" {
		return nil
	}
	return (&NameRequest{Name: r.Name}).Validate()
}

// Validate checks the name and the wait.
func (r *KillRequest) Validate() error {
	var p problems
	p.name("topology", r.Name)
	p.check(r.Wait <= MaxKillWait, "wait is %v, must be at most %v", r.Wait, MaxKillWait)
	return p.err("the request is wrong")
}

// Validate checks the supervisor's id.
func (r *DrainRequest) Validate() error {
	if err := CheckSupervisorID(r.Supervisor); err != nil {
		return &Error{Code: Invalid, Message: "supervisor: " + err.Error()}
	}
	return nil
}

// Validate checks the ids.
func (r *CredentialsRequest) Validate() error {
	var p problems
	p.id("topology id", r.TopologyID)
	p.id("worker", r.Worker)
	return p.err("the request is wrong")
}

func (p *problems) id(what, id string) {
	if err := CheckID(id); err != nil {
		p.add("%s: %v", what, err)
	}
}

// Validate checks the ids and the filters.
func (r *LogsRequest) Validate() error {
	var p problems
	p.id("topology id", r.TopologyID)
	p.id("worker", r.Worker)
	p.inRange("tail", r.Tail, MaxLogTail)
	p.check(len(r.From) <= 128, "from is too long")
	p.check(len(r.Grep) <= maxGrep, "grep has more than %d bytes", maxGrep)
	if len(r.Grep) <= maxGrep {
		_, err := regexp.Compile(r.Grep)
		p.check(err == nil, "grep: %v", err)
	}
	if r.Component != "" {
		p.name("component", r.Component)
	}
	return p.err("the request is wrong")
}

// Validate checks what can be checked without the topology; [RebalanceRequest.ValidateFor] checks the rest.
func (r *RebalanceRequest) Validate() error {
	var p problems
	p.name("topology", r.Name)
	p.check(r.Workers != 0 || len(r.Parallelism) > 0 || r.Spread, "nothing is asked for: give a number of workers, a parallelism, or spread")
	p.shape(r.Workers, r.Parallelism, nil)
	return p.err("the request is wrong")
}

// ValidateFor checks the request against the definition of its topology, by the rules of submit.
func (r *RebalanceRequest) ValidateFor(d *Definition) error {
	var p problems
	p.shape(r.Workers, r.Parallelism, d)
	return p.err("the request doesn't fit the topology")
}

// Validate checks the definition, the program and the overrides.
func (r *SubmitRequest) Validate() error {
	var p problems
	p.definition(&r.Definition)
	p.program(&r.Program)
	p.shape(r.Workers, r.Parallelism, &r.Definition)
	return p.err("the topology can't be submitted")
}

// shape is the one check of how a topology is to be spread, for submit and rebalance alike. d is nil where it is not known.
func (p *problems) shape(workers int, parallelism map[string]int, d *Definition) {
	p.inRange("workers", workers, MaxWorkers)
	p.check(len(parallelism) <= MaxComponents, "parallelism names %d components, at most %d can be", len(parallelism), MaxComponents)
	for _, id := range slices.Sorted(maps.Keys(parallelism)) {
		n := parallelism[id]
		p.name("component", id)
		p.check(n >= 1 && n <= MaxTasks, "the parallelism of %q is %d, must be in 1..%d", cut(id), n, MaxTasks)
		p.check(d == nil || d.Component(id) != nil, "the topology has no component %q", cut(id))
	}
	if d == nil || len(*p) > 0 {
		return
	}
	total := 0
	for _, n := range d.Tasks(parallelism) {
		total += n
	}
	p.check(total <= MaxTasks, "the topology would have %d tasks, at most %d can be", total, MaxTasks)
}

func (p *problems) definition(d *Definition) {
	p.check(d.Protocol == Protocol, "the program speaks protocol %d, this cluster speaks %d: build it with the cluster's version of Gale", d.Protocol, Protocol)
	p.name("name", d.Name)
	p.check(d.Workers >= 1 && d.Workers <= MaxWorkers, "workers is %d, must be in 1..%d", d.Workers, MaxWorkers)
	p.inRange("memory", d.Memory, MaxMemory)
	p.inRange("isolate", d.Isolate, MaxWorkers)
	p.check(d.Timeout > 0, "the message timeout is %v, must be above 0", d.Timeout)
	p.check(len(d.OS) <= 32 && len(d.Arch) <= 32 && len(d.Go) <= 128 && len(d.Gale) <= 128, "a version is too long")
	p.labels(d.Labels)
	p.check(len(d.Components) >= 1 && len(d.Components) <= MaxComponents, "the topology has %d components, must have 1..%d", len(d.Components), MaxComponents)
	if len(d.Components) > MaxComponents {
		return
	}
	spouts := 0
	for i := range d.Components {
		c := &d.Components[i]
		p.component(d, c)
		p.check(i == 0 || d.Components[i-1].ID < c.ID, "component %q is not in the order of ids, or there twice", cut(c.ID))
		if c.Spout {
			spouts++
		}
	}
	p.check(spouts > 0, "the topology has no spout")
}

func (p *problems) component(d *Definition, c *Component) {
	p.name("component", c.ID)
	p.check(c.Parallelism >= 1 && c.Parallelism <= MaxTasks, "component %q: the parallelism is %d, must be in 1..%d", cut(c.ID), c.Parallelism, MaxTasks)
	p.inRange(fmt.Sprintf("component %q: memory", cut(c.ID)), c.Memory, MaxMemory)
	p.inRange(fmt.Sprintf("component %q: cpu", cut(c.ID)), c.CPU, 100_000)
	p.check(c.Spout == (len(c.Inputs) == 0), "component %q: a bolt has inputs, a spout has none", cut(c.ID))
	for _, s := range c.Streams {
		p.name(fmt.Sprintf("component %q: stream", cut(c.ID)), s.Name)
	}
	for _, in := range c.Inputs {
		p.name(fmt.Sprintf("component %q: stream of an input", cut(c.ID)), in.Stream)
		p.check(d.Component(in.Component) != nil, "component %q subscribes to %q, which is not there", cut(c.ID), cut(in.Component))
	}
}

func (p *problems) labels(labels map[string]string) {
	p.check(len(labels) <= maxLabels, "there are %d labels, at most %d can be", len(labels), maxLabels)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		p.name("label", k)
		p.check(len(labels[k]) <= 128, "the value of label %q is longer than 128 bytes", cut(k))
	}
}

func (p *problems) program(g *Program) {
	if err := CheckDigest(g.Digest); err != nil {
		p.add("program: %v", err)
	}
	p.check(g.Size >= 1 && g.Size <= MaxProgram, "the program has %d bytes, must have 1..%d", g.Size, MaxProgram)
	p.check(len(g.Args) <= MaxArgs && len(g.Env) <= MaxArgs, "there are more than %d arguments or variables", MaxArgs)
	bytes := 0
	for _, a := range g.Args {
		bytes += len(a)
		p.check(!hasNUL(a), "an argument has a NUL byte")
	}
	for _, k := range slices.Sorted(maps.Keys(g.Env)) {
		bytes += len(k) + len(g.Env[k])
		p.check(envPattern.MatchString(k), "%q is no name of an environment variable", cut(k))
		p.check(!hasNUL(g.Env[k]), "the environment variable %q has a NUL byte", cut(k))
	}
	p.check(bytes <= MaxArgsBytes, "arguments and environment have %d bytes, at most %d can be", bytes, MaxArgsBytes)
	p.check(len(g.Config) <= MaxConfigBytes, "the configuration has %d bytes, at most %d can be", len(g.Config), MaxConfigBytes)
}

func hasNUL(s string) bool {
	for i := range len(s) {
		if s[i] == 0 {
			return true
		}
	}
	return false
}
