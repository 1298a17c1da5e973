package cli

import (
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sampleDefinition() cluster.Definition {
	return cluster.Definition{
		Protocol: cluster.Protocol, Gale: "v1.2.3", Go: "go1.26.0", OS: "linux", Arch: "amd64", Name: "wordcount", Workers: 2, Timeout: 30 * time.Second,
		Components: []cluster.Component{
			{ID: "count", Parallelism: 2, Inputs: []cluster.Input{{Component: "lines", Stream: "default", Grouping: "fields", Fields: []string{"word"}}}},
			{ID: "lines", Spout: true, Parallelism: 1, Streams: []cluster.Stream{{Name: "default", Fields: []string{"word"}}}},
		},
	}
}

func sampleSummary() cluster.Summary {
	return cluster.Summary{
		Name: "wordcount", ID: "T0000000000000000000001", Status: cluster.Active, State: "running", Submitted: noon.Add(-90 * time.Second),
		Workers: 2, Tasks: 3, Running: 2, Generation: 1,
	}
}

func sampleDescription() cluster.Description {
	return cluster.Description{
		Summary: sampleSummary(), Supervisors: []string{"rack1", "rack2"}, Definition: sampleDefinition(), Parallelism: map[string]int{"count": 2, "lines": 1},
		Digest: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Wanted: 1,
		Reports: []cluster.Report{sampleReport("W0000000000000AAAAAAAA", 1, "count"), sampleReport("W0000000000000BBBBBBBB", 3, "lines")},
		Workers: []cluster.WorkerStatus{
			{ID: "W0000000000000AAAAAAAA", Generation: 1, Supervisor: "rack1", Host: "h1", PID: 11, Phase: cluster.Running, State: "running", Tasks: map[string]int{"count": 2}, RSS: 30 << 20, Uptime: time.Minute},
			{ID: "W0000000000000BBBBBBBB", Generation: 1, Supervisor: "rack2", Host: "h2", State: "backoff", Tasks: map[string]int{"lines": 1}, Restarts: 3, Error: "exit status 2"},
		},
		Crashes: []cluster.Crash{{At: noon.Add(-time.Second), Worker: "W0000000000000BBBBBBBB", Life: 3, Reason: "exit status 2", Panic: "panic: oh\x1b[31m no\n\ngoroutine 1 [running]:", LastLog: []string{"last line"}}},
		Records: []string{"assignment.wordcount can't be read"},
	}
}

func sampleReport(id string, task cluster.TaskID, component string) cluster.Report {
	s := worker.Snapshot{Topology: "wordcount", State: "running", At: noon, Uptime: 10 * time.Second, ErrorTotals: map[string]int64{}}
	t := worker.TaskSnapshot{Task: task, Component: component, Spout: component == "lines", Counts: worker.Counts{Emitted: 1000, Acked: 990, TimedOut: 2}}
	if !t.Spout {
		t.Counts = worker.Counts{Executed: 5000, Acked: 4990, Failed: 3, Errors: 3}
		s.Errors = []worker.ReportedError{{At: noon.Add(-time.Minute), Component: component, Task: task, Text: "bad word"}}
		s.ErrorTotals[component] = 3
	}
	s.Tasks = []worker.TaskSnapshot{t}
	return cluster.Report{Topology: "wordcount", Worker: id, Generation: 1, Phase: cluster.Running, Active: true, Snapshot: s, At: noon, Progress: cluster.Progress{Pending: 4}}
}

func sampleSupervisors() []cluster.SupervisorStatus {
	host := cluster.Host{ID: "rack1", Host: "h1", Slots: 4, Memory: 2048, CPU: 400, Labels: map[string]string{"gpu": "true", "disk": "ssd"}, Gale: "v1.2.3", Started: noon.Add(-time.Hour)}
	lost := host
	lost.ID, lost.Labels = "rack2", nil
	drained := lost
	drained.ID = "rack3"
	return []cluster.SupervisorStatus{
		{Supervisor: cluster.Supervisor{Host: host}, State: "up", Used: 2, Silence: 400 * time.Millisecond},
		{Supervisor: cluster.Supervisor{Host: lost}, State: "lost", Silence: time.Minute, Health: "ERROR disk"},
		{Supervisor: cluster.Supervisor{Host: drained, Drained: true}, State: "drained", Used: 1, Silence: 400 * time.Millisecond},
	}
}

func sampleStatus() cluster.StatusResponse {
	return cluster.StatusResponse{
		Leader: "n1", Host: "h1", Epoch: 7, Since: noon.Add(-time.Hour), Gale: "v1.2.3", Supervisors: 1, Lost: 1, Slots: 4, Used: 2, Topologies: 1,
		Problems: []string{"the record \"topology.x\" can't be read"},
	}
}

// sampleCluster answers the verbs that read.
func sampleCluster(f *fake) {
	on(f, cluster.VerbList, func(cluster.Empty) (any, error) {
		return cluster.ListResponse{Topologies: []cluster.Summary{sampleSummary()}}, nil
	})
	on(f, cluster.VerbDescribe, func(r cluster.NameRequest) (any, error) {
		if r.Name != "wordcount" {
			return nil, cluster.Errorf(cluster.NotFound, "there is no topology %q", r.Name).WithHint("gale list")
		}
		return sampleDescription(), nil
	})
	on(f, cluster.VerbSupervisors, func(cluster.Empty) (any, error) {
		return cluster.SupervisorsResponse{Supervisors: sampleSupervisors()}, nil
	})
	on(f, cluster.VerbStatus, func(cluster.Empty) (any, error) { return sampleStatus(), nil })
}
