package nimbus

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
)

// A topology that crashes is described again and again: its description has to fit.
func TestADescriptionFits(t *testing.T) {
	s := newScene()
	for i := range maxCrashes {
		log := slices.Repeat([]string{strings.Repeat("x", 1<<10)}, 20)
		s.crash(cluster.Crash{Worker: "w1", Life: uint64(i + 1), Reason: "exit status 2", Panic: strings.Repeat("\t<main>", 2<<10), LastLog: log}, s.now)
	}
	s.voice("w1", 900<<10)
	s.voice("w2", 100)
	answer, err := (&leader{state: s.all}).describe(&cluster.NameRequest{Name: "words"})
	require.NoError(t, err)
	d := answer.(*cluster.Description)
	require.LessOrEqual(t, sizeOf(d), maxDescription)

	require.Len(t, d.Crashes, maxCrashes)
	require.Equal(t, s.crashes[maxCrashes-1], d.Crashes[maxCrashes-1], "the newest has all")
	require.Equal(t, "exit status 2", d.Crashes[0].Reason)
	require.Empty(t, d.Crashes[0].Panic)
	require.Len(t, d.Reports, 2)
	require.Empty(t, d.Reports[0].Snapshot.Tasks, "there is no room for it")
	require.Equal(t, cluster.Running, d.Reports[0].Phase)
	require.NotEmpty(t, d.Reports[1].Snapshot.Tasks, "a large one leaves room to small ones")
}

// A component whose error takes pages has it told by each of many workers.
func TestADescriptionOfManyFatalErrorsFits(t *testing.T) {
	s := newScene()
	g := &cluster.Generation{Number: 1}
	for i := range 300 {
		id := fmt.Sprintf("w%d", i)
		g.Workers = append(g.Workers, cluster.Worker{ID: id, Supervisor: "a"})
		s.reports[id] = report{Report: cluster.Report{Worker: id, Fatal: strings.Repeat("y", 16<<10)}, size: 16 << 10, received: s.now}
	}
	s.set(func(a *cluster.Assignment) { a.Current = g })
	answer, err := (&leader{state: s.all}).describe(&cluster.NameRequest{Name: "words"})
	require.NoError(t, err)
	require.LessOrEqual(t, sizeOf(answer), maxDescription)
}

// voice gives a worker's report a snapshot of about so many bytes.
func (s *scene) voice(id string, bytes int) {
	r := s.reports[id]
	r.Snapshot.Tasks = []worker.TaskSnapshot{{Component: strings.Repeat("c", bytes)}}
	r.size = sizeOf(r.Report)
	s.reports[id] = r
}
