package schedule_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/nimbus/schedule"
)

var linesAndCount = components("lines 2", "count 4 lines")

var plans = []struct {
	name        string
	supervisors []schedule.Supervisor
	topologies  []schedule.Topology
	want        []string // what shown makes of each result
	problems    []string // of each result, when there are any
}{
	{
		name:        "one worker runs all tasks",
		supervisors: cluster("a 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 1, Components: linesAndCount}},
		want:        []string{"@a: 1 2 3 4 5 6"},
	},
	{
		name:        "workers spread over supervisors, and tasks over workers with their neighbours: lines 1 and count 1 are tasks 1 and 3",
		supervisors: cluster("a 4", "b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: linesAndCount}},
		want:        []string{"@a: 1 3 5; @b: 2 4 6"},
	},
	{
		name:        "neighbours do not cost balance: an even number of tasks comes before lines 3 being with count 3",
		supervisors: cluster("a 4", "b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: components("count 3 lines", "lines 3")}},
		want:        []string{"@a: 1 4 6; @b: 2 3 5"},
	},
	{
		name:        "a topology has no more workers than tasks",
		supervisors: cluster("a 4", "b 4", "c 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 9, Components: components("lines 2")}},
		want:        []string{"@a: 1; @b: 2"},
	},
	{
		name:        "what does not say how many workers it wants gets one",
		supervisors: cluster("a 4"),
		topologies:  []schedule.Topology{{Name: "t", Components: components("lines 2")}},
		want:        []string{"@a: 1 2"},
	},
	{
		name:        "the workers of other topologies count, also of those served later",
		supervisors: cluster("a 4", "b 4"),
		topologies: []schedule.Topology{
			{Name: "new", Workers: 2, Components: components("x 2")},
			{Name: "old", Workers: 2, Components: components("x 2"), Running: workers("v@a: 1; w@a: 2")},
		},
		want: []string{"@b: 1; @b: 2", "v@a: 1; w@a: 2"},
	},
	{
		name:        "running workers are not moved for balance",
		supervisors: cluster("a 4", "b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 4"), Running: workers("v@a: 1 2; w@a: 3 4")}},
		want:        []string{"v@a: 1 2; w@a: 3 4"},
	},
	{
		name:        "a lost worker is replaced by one with the same tasks, the others stay",
		supervisors: cluster("a 4 down", "b 4", "c 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 3, Components: components("x 6"), Running: workers("u@a: 1 4; v@b: 2 5; w@c: 3 6")}},
		want:        []string{"v@b: 2 5; w@c: 3 6; @b: 1 4"},
	},
	{
		name:        "a supervisor that nobody knows any more has lost its workers",
		supervisors: cluster("b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 2"), Running: workers("v@a: 1; w@b: 2")}},
		want:        []string{"w@b: 2; @b: 1"},
	},
	{
		name:        "lost workers are placed as far as there is room",
		supervisors: cluster("a 4 down", "b 2"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 3, Components: linesAndCount, Running: workers("u@a: 1 3; v@a: 2 4; w@b: 5 6")}},
		want:        []string{"w@b: 5 6; @b: 1 3"},
		problems:    []string{"1 worker is without a place (1 task of lines, 1 task of count): it needs 2 free slots and finds 1 on the supervisors that may run it (1): start more, or ask for fewer workers"},
	},
	{
		name:        "tasks that have waited for room without a worker are dealt to new ones",
		supervisors: cluster("b 2", "c 2"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 3, Components: linesAndCount, Running: workers("w@b: 5 6")}},
		want:        []string{"w@b: 5 6; @b: 1 3; @c: 2 4"},
	},
	{
		name:        "a new topology gets all or nothing, and leaves what it does not get to those after it",
		supervisors: cluster("a 1", "b 1"),
		topologies: []schedule.Topology{
			{Name: "large", Workers: 3, Components: components("x 3")},
			{Name: "small", Workers: 2, Components: components("x 2")},
			{Name: "late", Workers: 1, Components: components("x 2")},
		},
		want: []string{"", "@a: 1; @b: 2", ""},
		problems: []string{
			"it needs 3 free slots and finds 2 on the supervisors that may run it (2): start more, or ask for fewer workers", "",
			"it needs 1 free slot and finds 0 on the supervisors that may run it (2): start more, or ask for fewer workers",
		},
	},
	{
		name:        "labels: all of them, with their values",
		supervisors: cluster("a 4", "b 4 gpu=true", "c 4 gpu=true disk=ssd", "d 4 gpu=false disk=ssd"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 2"), Labels: map[string]string{"gpu": "true", "disk": "ssd"}}},
		want:        []string{"@c: 1; @c: 2"},
	},
	{
		name:        "labels that no supervisor has",
		supervisors: cluster("a 4", "b 4 gpu=true"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 1, Components: components("x 2"), Labels: map[string]string{"gpu": "true", "disk": "ssd"}}},
		want:        []string{""},
		problems:    []string{"no supervisor that could run it (2) has the labels disk=ssd, gpu=true: start one that has"},
	},
	{
		name:        "the program's platform",
		supervisors: cluster("a 4", "b 4 os=darwin arch=arm64", "c 4 arch=arm64"),
		topologies: []schedule.Topology{
			{Name: "t", Workers: 2, Components: components("x 2"), OS: "linux", Arch: "arm64"},
			{Name: "u", Workers: 2, Components: components("x 2"), OS: "windows", Arch: "amd64"},
		},
		want:     []string{"@c: 1; @c: 2", ""},
		problems: []string{"", "its program is for windows/amd64, and the supervisors are darwin/arm64, linux/amd64, linux/arm64: build it for one of those, or start a supervisor on windows/amd64"},
	},
	{
		name:       "an empty cluster",
		topologies: []schedule.Topology{{Name: "t", Workers: 1, Components: components("x 1")}},
		want:       []string{""},
		problems:   []string{"the cluster has no supervisors: start one"},
	},
	{
		name:        "a draining supervisor keeps what it runs and gets nothing",
		supervisors: cluster("a 4 draining"),
		topologies: []schedule.Topology{
			{Name: "old", Workers: 1, Components: components("x 1"), Running: workers("w@a: 1")},
			{Name: "new", Workers: 1, Components: components("x 1")},
		},
		want:     []string{"w@a: 1", ""},
		problems: []string{"", "no supervisor of the cluster (1) is up, healthy and not drained"},
	},
	{
		name:        "memory: each supervisor takes what fits, though one ends up with fewer workers",
		supervisors: cluster("a 4 memory=1000", "b 4 memory=300"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 4, Components: components("x 4 memory=250")}},
		want:        []string{"@a: 1; @b: 2; @a: 3; @a: 4"},
	},
	{
		name:        "memory: a worker's own counts, not its tasks'",
		supervisors: cluster("a 4 memory=1000", "b 4 memory=300"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Memory: 400, Components: components("x 4 memory=300")}},
		want:        []string{"@a: 1 3; @a: 2 4"},
	},
	{
		name:        "memory: balance yields when workers would be left without a place",
		supervisors: cluster("a 4 memory=1000", "b 4 memory=600"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 3, Components: components("big 1 memory=600", "x 2 memory=500")}},
		want:        []string{"@b: 1; @a: 2; @a: 3"},
	},
	{
		name:        "memory and CPU: not enough",
		supervisors: cluster("a 4 memory=1000 cpu=100", "b 4 cpu=100"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 3, Components: components("x 3 memory=500 cpu=60")}},
		want:        []string{""},
		problems:    []string{"slots are free, but with too little memory or CPU: its workers need up to 500 MiB and 60 % of a core each"},
	},
	{
		name:        "isolation: supervisors of its own, the roomiest first, which others do not get",
		supervisors: cluster("a 2", "b 4", "c 3", "d 2"),
		topologies: []schedule.Topology{
			{Name: "old", Workers: 1, Components: components("x 1"), Running: workers("w@a: 1")},
			{Name: "alone", Workers: 4, Isolate: 2, Components: components("x 4")},
			{Name: "other", Workers: 2, Components: components("x 2")},
		},
		want: []string{"w@a: 1", "@b: 1; @b: 2; @c: 3; @c: 4", "@a: 1; @d: 2"},
	},
	{
		name:        "isolation evicts nobody",
		supervisors: cluster("a 4", "b 4"),
		topologies: []schedule.Topology{
			{Name: "old", Workers: 1, Components: components("x 1"), Running: workers("w@a: 1")},
			{Name: "alone", Workers: 2, Isolate: 2, Components: components("x 4")},
		},
		want:     []string{"w@a: 1", ""},
		problems: []string{"", "it needs 2 supervisors of its own and finds 1 free of other topologies: start more"},
	},
	{
		name:        "isolation: others wait rather than share",
		supervisors: cluster("a 4"),
		topologies: []schedule.Topology{
			{Name: "alone", Workers: 1, Isolate: 1, Components: components("x 4"), Running: workers("w@a: 1 2 3 4")},
			{Name: "other", Workers: 1, Components: components("x 1")},
		},
		want:     []string{"w@a: 1 2 3 4", ""},
		problems: []string{"", "all supervisors that could run it (1) belong to topologies that isolate themselves: start more"},
	},
	{
		name:        "isolation: when one of its supervisors is lost and no other is free, what is left takes the workers",
		supervisors: cluster("a 4", "b 4 down", "c 4"),
		topologies: []schedule.Topology{
			{Name: "alone", Workers: 3, Isolate: 2, Components: components("x 3"), Running: workers("u@a: 1; v@b: 2; w@b: 3")},
			{Name: "other", Workers: 1, Components: components("x 1"), Running: workers("w@c: 1")},
		},
		want: []string{"u@a: 1; @a: 2; @a: 3", "w@c: 1"},
	},
	{
		name:        "isolation: a new generation that has outgrown its supervisor moves to one that is large enough",
		supervisors: cluster("a 2", "b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 4, Isolate: 1, Components: components("x 4"), Previous: schedule.Generation{Components: components("x 4"), Workers: workers("v@a: 1 3; w@a: 2 4")}}},
		want:        []string{"@b: 1; @b: 2; @b: 3; @b: 4"},
	},
	{
		name:        "a new generation of the same size has each task where it was",
		supervisors: cluster("a 4", "b 4", "c 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: linesAndCount, Previous: schedule.Generation{Components: linesAndCount, Workers: workers("v@c: 1 4 6; w@b: 2 3 5")}}},
		want:        []string{"@c: 1 4 6; @b: 2 3 5"},
	},
	{
		name:        "a new generation may use the slots of the one before it",
		supervisors: cluster("a 1", "b 1"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 4"), Previous: schedule.Generation{Components: components("x 2"), Workers: workers("v@a: 1; w@b: 2")}}},
		want:        []string{"@a: 1 3; @b: 2 4"},
	},
	{
		name:        "others may not use them, as it may come back",
		supervisors: cluster("a 2"),
		topologies: []schedule.Topology{
			{Name: "shrinks", Workers: 1, Components: components("x 2"), Running: workers("u@a: 1 2"), Previous: schedule.Generation{Components: components("x 2"), Workers: workers("v@a: 1; w@a: 2")}},
			{Name: "other", Workers: 1, Components: components("x 1")},
		},
		want:     []string{"u@a: 1 2", ""},
		problems: []string{"", "it needs 1 free slot and finds 0 on the supervisors that may run it (1): start more, or ask for fewer workers"},
	},
	{
		name:        "fewer workers: those that are gone give their tasks to one on the same supervisor",
		supervisors: cluster("a 4", "b 4"),
		topologies: []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 8"), Previous: schedule.Generation{
			Components: components("x 8"), Workers: workers("u@a: 1 2; v@a: 3 4; w@b: 5 6; x@b: 7 8")}}},
		want: []string{"@a: 1 2 3 4; @b: 5 6 7 8"},
	},
	{
		name:        "more workers, and more tasks: what was stays on its supervisor as balance allows",
		supervisors: cluster("a 4", "b 4"),
		topologies: []schedule.Topology{{Name: "t", Workers: 4, Components: components("w 1", "x 8"), Previous: schedule.Generation{
			Components: components("x 6"), Workers: workers("u@a: 1 2 3; v@b: 4 5 6")}}},
		want: []string{"@a: 1 2 3; @b: 5 6; @a: 4 8; @b: 7 9"},
	},
	{
		name:        "a component that the previous generation had not follows its neighbours, which stay",
		supervisors: cluster("a 4", "b 4"),
		topologies: []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 2", "y 2 x"), Previous: schedule.Generation{
			Components: components("x 2"), Workers: workers("v@a: 2; w@b: 1")}}},
		want: []string{"@a: 2 4; @b: 1 3"},
	},
	{
		name:        "the middle of a chain is dealt after its head, whatever their ids: all that is first in its component is together",
		supervisors: cluster("a 4", "b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 2, Components: components("m 2 s", "o 1", "s 2", "t 2 m", "u 1")}},
		want:        []string{"@a: 1 3 4 6; @b: 2 5 7 8"},
	},
	{
		name:        "isolation: a new generation stays on its own supervisor, though a roomier one is free",
		supervisors: cluster("a 8", "b 4"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 1, Isolate: 1, Components: components("x 4"), Previous: schedule.Generation{Components: components("x 4"), Workers: workers("w@b: 1 2 3 4")}}},
		want:        []string{"@b: 1 2 3 4"},
	},
	{
		name:        "isolation: in the middle of a swap, the supervisor of the new generation comes before that of the old one",
		supervisors: cluster("a 8", "b 4", "c 4 down"),
		topologies: []schedule.Topology{{Name: "t", Workers: 2, Isolate: 1, Components: components("x 2"), Running: workers("v@b: 1; w@c: 2"),
			Previous: schedule.Generation{Components: components("x 2"), Workers: workers("u@a: 1 2")}}},
		want: []string{"v@b: 1; @b: 2"},
	},
	{
		name:        "where hints let workers not be where they would be without, the others stay all the same",
		supervisors: cluster("a 4 cpu=50", "b 4", "c 4"),
		topologies: []schedule.Topology{{Name: "t", Workers: 2, Components: components("x 2 cpu=60"), Previous: schedule.Generation{
			Components: components("x 1 cpu=60"), Workers: workers("w@c: 1")}}},
		want: []string{"@c: 1; @b: 2"},
	},
	{
		name:        "heavy workers choose first",
		supervisors: cluster("a 4 memory=1000", "b 4 memory=1000"),
		topologies: []schedule.Topology{{Name: "t", Workers: 5, Components: components(
			"p 1 memory=100", "q 1 memory=300", "r 1 memory=400", "s 1 memory=600", "t 1 memory=600")}},
		want: []string{"@b: 1; @b: 2; @a: 3; @b: 4; @a: 5"},
	},
	{
		name:        "a supervisor that came back with less memory than its workers need takes those that say nothing",
		supervisors: cluster("a 4 memory=100"),
		topologies: []schedule.Topology{
			{Name: "old", Workers: 1, Memory: 200, Components: components("x 1"), Running: workers("w@a: 1")},
			{Name: "new", Workers: 1, Components: components("x 1")},
		},
		want: []string{"w@a: 1", "@a: 1"},
	},
	{
		name:        "a drained supervisor's workers move, with their tasks, and the others don't",
		supervisors: cluster("a 4 draining", "b 4", "c 4", "d 4"),
		topologies: []schedule.Topology{{Name: "t", Workers: 3, Components: components("x 6"), Previous: schedule.Generation{
			Components: components("x 6"), Workers: workers("u@a: 1 2; v@b: 3 4; w@c: 5 6")}}},
		want: []string{"@b: 3 4; @c: 5 6; @d: 1 2"},
	},
	{
		name:        "a record with a task twice: the first that runs keeps it",
		supervisors: cluster("a 4", "b 4 down"),
		topologies:  []schedule.Topology{{Name: "t", Workers: 3, Components: components("x 4"), Running: workers("u@b: 1 2; v@a: 2 3; w@a: 3 4 9")}},
		want:        []string{"v@a: 2 3; @a: 4; @a: 1"},
	},
}

func TestPlan(t *testing.T) {
	for _, p := range plans {
		t.Run(p.name, func(t *testing.T) {
			results := schedule.Plan(p.supervisors, p.topologies)
			require.Len(t, results, len(p.want))
			for i, r := range results {
				require.Equal(t, p.topologies[i].Name, r.Name)
				require.Equal(t, p.want[i], shown(r), r.Problem)
				if p.problems == nil {
					require.Empty(t, r.Problem)
				} else {
					require.Equal(t, p.problems[i], r.Problem)
				}
			}
		})
	}
}
