package console

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/galestream/gale/worker"
)

// Options says how a run is shown. The zero Options means the defaults named below.
type Options struct {
	// Interval is the time between draws of the table, or between groups of lines. 0, or less, is half
	// a second on a terminal and 5 s elsewhere.
	Interval time.Duration
	// Plain asks for lines though the output is a terminal.
	Plain bool
}

const (
	liveInterval  = 500 * time.Millisecond
	plainInterval = 5 * time.Second
	firstTable    = 300 * time.Millisecond // a run that is over by then needs no table
)

// Console shows one run. It is made by [New].
type Console struct {
	screen   *screen
	terminal *terminal // nil: plain lines
	interval time.Duration
}

// New returns a console that writes to out. It shows a table if out is an *os.File that is a
// terminal, TERM is not dumb, and o doesn't ask for lines.
func New(out io.Writer, o Options) *Console {
	if o.Plain {
		return newConsole(out, o, nil)
	}
	return newConsole(out, o, findTerminal(out))
}

func newConsole(out io.Writer, o Options, t *terminal) *Console {
	c := &Console{screen: newScreen(out), terminal: t, interval: plainInterval}
	if t != nil {
		c.interval = liveInterval
	}
	c.interval = cmp.Or(max(o.Interval, 0), c.interval)
	return c
}

// Run shows what snapshot returns until ctx is done; then it takes the table away and returns. It calls
// snapshot at once, and for each draw. It may be called once, from one goroutine. A program
// that means to end by os.Exit waits for it, or leaves the table on the terminal.
//
// What can't be written is dropped: that nobody watches must not end a run.
func (c *Console) Run(ctx context.Context, snapshot func() worker.Snapshot) {
	if c.terminal != nil {
		c.screen.begin()
		defer c.screen.end()
	}
	before := snapshot()
	ticker := time.NewTicker(c.first())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			ticker.Reset(c.interval)
			now := snapshot()
			c.show(&now, &before)
			before = now
		}
	}
}

func (c *Console) first() time.Duration {
	if c.terminal == nil {
		return c.interval
	}
	return min(firstTable, c.interval)
}

func (c *Console) show(now, before *worker.Snapshot) {
	if c.terminal == nil {
		c.screen.print(plain(now, before))
		return
	}
	c.screen.draw(live(now, before, c.terminal.frame()))
}

// Summary writes the totals of a run: a table of the components, the trees that were left
// incomplete, and the last error of each component. It is for the end, after Run has returned.
func (c *Console) Summary(s worker.Snapshot) {
	f := frame{}
	if c.terminal != nil {
		f = c.terminal.frame()
	}
	c.screen.print(summary(&s, f))
}

// Above returns a writer for what goes to the same terminal as the table, such as logs: its
// lines appear above the table. While Run shows a table, a line is held back until it is
// complete or 8 KiB long; at all other times, and where there is no table, bytes pass through as they are.
func (c *Console) Above() io.Writer { return above{c.screen} }

type above struct{ screen *screen }

func (a above) Write(p []byte) (int, error) { return a.screen.write(p) }
