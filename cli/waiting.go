package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// waiting tells on standard error what is waited for: on a terminal by a line that is written anew, elsewhere by
// lines, one for each change. It is for one goroutine.
type waiting struct {
	w        io.Writer
	terminal bool
	last     string
}

// waiting returns what tells of this invocation's waits. With i.plain, it writes lines: others write to the terminal as well.
func (i *invocation) waiting() *waiting {
	return &waiting{w: i.err, terminal: isTerminal(i.err) && !i.plain}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// tell says what is waited for.
func (w *waiting) tell(format string, args ...any) {
	text := clean(fmt.Sprintf(format, args...))
	if text == w.last {
		return
	}
	w.last = text
	if w.terminal {
		fmt.Fprintf(w.w, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(w.w, text)
}

// tellPart tells how far something is, which only a terminal shows.
func (w *waiting) tellPart(what string, done, total int64) {
	if w.terminal && total > 0 {
		w.tell("%s: %d %%", what, 100*done/total)
		return
	}
	w.tell("%s", what)
}

// over takes the line away.
func (w *waiting) over() {
	if w.terminal && w.last != "" {
		fmt.Fprint(w.w, "\r\x1b[K")
	}
	w.last = ""
}
