package console

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// growing returns snapshots of a run that begins now and becomes ever faster: it has emitted a thousand
// tuples times the square of its seconds.
func growing() func() worker.Snapshot {
	began := time.Now()
	return func() worker.Snapshot {
		up := time.Since(began)
		return sample(up, int64(1000*up.Seconds()*up.Seconds()))
	}
}

// page is a file that may be read while it is written.
type page struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.String()
}

// start runs the console until the returned function is called.
func start(t *testing.T, c *Console) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(ctx, growing()) }()
	return func() { cancel(); <-ended }
}

// pass lets so much of the bubble's time pass, and waits until what is due then is done.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestRunDrawsATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVT(120, 20)
		c := newConsole(v, Options{}, &terminal{size: v.size})
		stop := start(t, c)
		pass(firstTable - time.Nanosecond)
		require.Empty(t, v.lines())
		pass(time.Nanosecond)
		require.Equal(t, "wordcount  running  0s", v.lines()[1])
		_, err := c.Above().Write([]byte("a log line\n"))
		require.NoError(t, err)
		require.Equal(t, "a log line", v.lines()[0])
		require.Equal(t, "wordcount  running  0s", v.lines()[2])
		drawn := v.written()
		pass(10 * liveInterval)
		require.Equal(t, drawn+10, v.written())
		require.Equal(t, "wordcount  running  5s", v.lines()[2])
		stop()
		require.Equal(t, []string{"a log line"}, v.lines())
		c.Summary(sample(time.Second, 1000))
		require.Equal(t, []string{"a log line", "", "wordcount running after 1s"}, v.lines()[:3])
	})
}

func TestRunAsksForTheSizeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVT(120, 20)
		stop := start(t, newConsole(v, Options{Interval: time.Second}, &terminal{size: v.size}))
		defer stop()
		pass(firstTable)
		require.Contains(t, v.lines()[2], "RESTARTS")
		v.resize(20)
		pass(time.Second)
		require.Equal(t, "COMPONENT      RATE", v.lines()[2])
	})
}

func TestRunWritesLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out page
		c := New(&out, Options{})
		stop := start(t, c)
		pass(plainInterval - time.Nanosecond)
		require.Empty(t, out.String())
		pass(plainInterval + time.Nanosecond)
		stop()
		require.Equal(t, 8, strings.Count(out.String(), "\n"))
		require.Contains(t, out.String(), "uptime_s=10.0 component=words tasks=1 rate=15000.0 total=100000 ")
		require.NotContains(t, out.String(), "\x1b")
		_, err := c.Above().Write([]byte("part"))
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(out.String(), "\npart"))
	})
}

func TestRunOutlivesABrokenOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := start(t, newConsole(brokenPipe{}, Options{}, &terminal{size: newVT(80, 24).size}))
		pass(time.Minute)
		stop()
	})
}

func TestConsoleMayBeWrittenToFromAnyGoroutine(t *testing.T) {
	v := newVT(120, 40)
	c := newConsole(v, Options{Interval: time.Millisecond}, &terminal{size: v.size})
	stop := start(t, c)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 50 {
				_, _ = c.Above().Write([]byte("one "))
				_, _ = c.Above().Write([]byte("line\n"))
			}
		})
	}
	writers.Wait()
	stop()
	all := strings.Join(v.lines(), "\n")
	require.Equal(t, 200, strings.Count(all, "one"))
	require.Equal(t, 200, strings.Count(all, "line"))
}

func TestOnlyTerminalsGetATable(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer file.Close()
	require.Nil(t, New(file, Options{}).terminal)
	require.Nil(t, New(&bytes.Buffer{}, Options{}).terminal)
	require.Equal(t, plainInterval, New(file, Options{}).interval)
	require.Equal(t, time.Minute, New(file, Options{Interval: time.Minute}).interval)
	require.Equal(t, plainInterval, New(file, Options{Interval: -1}).interval)
}

func TestTerminalOf(t *testing.T) {
	with := func(vars map[string]string) *terminal {
		return terminalOf(newVT(80, 24).size, func(name string) string { return vars[name] })
	}
	require.Nil(t, with(map[string]string{"TERM": "dumb"}))
	require.True(t, with(map[string]string{"TERM": "xterm"}).colour)
	require.True(t, with(map[string]string{"NO_COLOR": ""}).colour)
	require.False(t, with(map[string]string{"NO_COLOR": "1"}).colour)
}

func TestFrameOfATerminalThatHasNoSize(t *testing.T) {
	for _, size := range []func() (int, int, error){
		func() (int, int, error) { return 0, 0, nil },
		func() (int, int, error) { return 0, 0, errors.New("not a terminal") },
	} {
		require.Equal(t, frame{width: 79, height: 24}, (&terminal{size: size}).frame())
	}
}
