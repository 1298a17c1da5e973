package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

const sampleStack = `goroutine 41 [running]:
runtime/debug.Stack()
	/go/src/runtime/debug/stack.go:26 +0x5e
github.com/galestream/gale/worker.newPanicError({0xc0001, 0x7}, {0x5, 0x6})
	/gale/worker/panic.go:40 +0x1d
panic({0x5, 0x6})
	/go/src/runtime/panic.go:783 +0x132
main.(*count).Execute(0xc00010, {0x7b, 0xc0})
	/home/me/count.go:17 +0x45
github.com/galestream/gale/worker.(*boltTask).run(0xc0)
	/gale/worker/bolttask.go:170 +0x1
created by github.com/galestream/gale/worker.(*Worker).Run in goroutine 1
	/gale/worker/worker.go:99 +0x8
`

func TestAStackIsShownFromTheUsersCode(t *testing.T) {
	require.Equal(t, []string{"main.(*count).Execute(...)", "\t/home/me/count.go:17"}, stackLines(sampleStack))
	require.Equal(t, []string{"panic: oh", "main.main(...)", "\t/m.go:3"}, stackLines("panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n\t/m.go:3 +0x1\n"))
	require.Equal(t, []string{"created by main.main", "\t/m.go:3"}, stackLines("created by main.main in goroutine 7\n\t/m.go:3 +0x1\n"))
	require.Equal(t, []string{"fatal error: all goroutines are asleep"}, stackLines("fatal error: all goroutines are asleep"))
}

func TestWhatIsAlikeIsShownOnce(t *testing.T) {
	one := componentError{At: noon.Add(-time.Minute), Component: "count", Task: 1, Text: "count[0]: panic: oh", Stack: sampleStack}
	two, three := one, one
	two.At, two.Task, two.Stack = noon.Add(-time.Second), 2, strings.NewReplacer("0xc0", "0xd1", "goroutine 41", "goroutine 9").Replace(sampleStack)
	three.Component = "sum"
	crash := cluster.Crash{At: noon, Worker: "W1", Life: 1, Reason: "exit status 1", LastLog: []string{"12:00 the worker ends", "numbers[0]: open: no such file"}}
	again := crash
	again.Life, again.LastLog = 2, []string{"12:01 the worker ends", crash.LastLog[1]}
	var b strings.Builder
	require.NoError(t, writeErrors(&b, troubles{
		Topology: "wordcount", State: "failed", Message: "the source is broken", Totals: map[string]int64{"count": 2},
		Errors: []componentError{one, three, two}, Crashes: []cluster.Crash{crash, again},
	}, noon))
	golden(t, "tables/errors-alike.txt", b.String())
}

func TestATopologyWithoutTroublesSaysSo(t *testing.T) {
	var b strings.Builder
	require.NoError(t, writeErrors(&b, troubles{Topology: "wordcount", State: "running"}, noon))
	require.Equal(t, "nothing went wrong in wordcount since its workers have started\n", b.String())
}

func TestLongLinesAreCut(t *testing.T) {
	long := strings.Repeat("ä", maxColumns)
	require.Equal(t, long, cutTo(maxColumns, long, "wordcount"))
	require.Equal(t, long+"… (gale errors wordcount shows all)", cutTo(maxColumns, long+"x", "wordcount"))
	require.Equal(t, long+"x", cutLine(&strings.Builder{}, "wordcount", long+"x"), "what is no terminal gets all")
}
