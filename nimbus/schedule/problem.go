package schedule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxNamed bounds how many components or platforms a problem names.
const maxNamed = 5

// waiting says which tasks have no worker, and why.
func (j *job) waiting(workers int, tasks []int, reason string) string {
	switch {
	case len(tasks) == 0:
		return ""
	case j.fresh():
		return reason
	}
	return fmt.Sprintf("%s without a place (%s): %s", plural(workers, "worker is", "workers are"), j.count(tasks), reason)
}

// count names tasks by how many there are of each component.
func (j *job) count(tasks []int) string {
	counts := make([]int, len(j.Components))
	for _, task := range tasks {
		c, _ := j.roster.component(task)
		counts[c]++
	}
	var names []string
	for c, n := range counts {
		if n > 0 {
			names = append(names, plural(n, "task of ", "tasks of ")+j.Components[c].ID)
		}
	}
	return list(names)
}

func noneUsable(asked []*site) string {
	if len(asked) == 0 {
		return "the cluster has no supervisors: start one"
	}
	return fmt.Sprintf("no supervisor of the cluster (%d) is up, healthy and not drained", len(asked))
}

func (j *job) noPlatform(asked []*site) string {
	platforms := map[string]bool{}
	for _, s := range asked {
		platforms[s.OS+"/"+s.Arch] = true
	}
	return fmt.Sprintf("its program is for %s/%s, and the supervisors are %s: build it for one of those, or start a supervisor on %[1]s/%[2]s",
		orAny(j.OS), orAny(j.Arch), list(slices.Sorted(maps.Keys(platforms))))
}

func orAny(name string) string {
	if name == "" {
		return "any"
	}
	return name
}

func (j *job) noLabels(asked []*site) string {
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(j.Labels)) {
		labels = append(labels, name+"="+j.Labels[name])
	}
	return fmt.Sprintf("no supervisor that could run it (%d) has the labels %s: start one that has", len(asked), list(labels))
}

func allIsolated(asked []*site) string {
	return fmt.Sprintf("all supervisors that could run it (%d) belong to topologies that isolate themselves: start more", len(asked))
}

func (j *job) noneOwn([]*site) string { return tooFewOwn(min(j.Isolate, j.lacking()), 0) }

func tooFewOwn(want, have int) string {
	return fmt.Sprintf("it needs %s of its own and finds %d free of other topologies: start more",
		plural(want, "supervisor", "supervisors"), have)
}

func tooFewSlots(want, free, supervisors int) string {
	return fmt.Sprintf("it needs %s and finds %d on the supervisors that may run it (%d): start more, or ask for fewer workers",
		plural(want, "free slot", "free slots"), free, supervisors)
}

// noRoom says why the groups don't fit in the sites.
func (j *job) noRoom(groups [][]int, sites []*site) string {
	if n := free(sites); n < len(groups) {
		return tooFewSlots(len(groups), n, len(sites))
	}
	var most load
	for _, tasks := range groups {
		most = most.most(j.roster.need(tasks))
	}
	return fmt.Sprintf("slots are free, but with too little memory or CPU: its workers need up to %d MiB and %d %% of a core each", most.memory, most.cpu)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// list joins names, of which it leaves out those beyond maxNamed.
func list(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		names = append(slices.Clone(names[:maxNamed]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
