package cli

import (
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// waiting tells on standard error what is waited for: on a terminal by a line that is written anew, elsewhere by
// lines, one for each change. It is for one goroutine.
type waiting struct {
	w        io.Writer
	terminal bool
	last     string
	told     map[string]time.Time // when each text was; of the last second
}

// repeat is how long a text is not told again: what changes to and fro is told once.
const repeat = time.Second

// waiting returns what tells of this invocation's waits. With i.plain, it writes lines: others write to the terminal as well.
func (i *invocation) waiting() *waiting {
	return &waiting{w: i.err, terminal: isTerminal(i.err) && !i.plain, told: map[string]time.Time{}}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// tell says what is waited for.
func (w *waiting) tell(format string, args ...any) {
	text, now := clean(fmt.Sprintf(format, args...)), time.Now()
	if at, told := w.told[text]; text == w.last || told && now.Sub(at) < repeat {
		return
	}
	maps.DeleteFunc(w.told, func(_ string, at time.Time) bool { return now.Sub(at) >= repeat })
	w.told[text], w.last = now, text
	if w.terminal {
		fmt.Fprintf(w.w, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(w.w, text)
}

// note tells what has happened, in a line that stays.
func (w *waiting) note(text string) {
	if w.terminal && w.last != "" {
		fmt.Fprint(w.w, "\r\x1b[K")
		delete(w.told, w.last) // to be drawn again below the note
		w.last = ""
	}
	fmt.Fprintln(w.w, strings.ReplaceAll(clean(text), "\n", " "))
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
