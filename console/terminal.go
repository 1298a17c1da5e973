package console

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is what is known of the terminal that is drawn on.
type terminal struct {
	size   func() (width, height int, err error)
	colour bool
}

// frame is the room that lines must fit in, and whether they may have colours.
type frame struct {
	width, height int // 0: any
	colour        bool
}

// findTerminal returns the terminal that out is, nil when it is none that a table can be drawn on.
func findTerminal(out io.Writer) *terminal {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return terminalOf(func() (int, int, error) { return term.GetSize(int(file.Fd())) }, os.Getenv)
}

// terminalOf applies the environment. Any NO_COLOR that isn't empty counts (no-color.org).
func terminalOf(size func() (int, int, error), getenv func(string) string) *terminal {
	if getenv("TERM") == "dumb" {
		return nil
	}
	return &terminal{size: size, colour: getenv("NO_COLOR") == ""}
}

// frame asks for the size, which may change at any time. The last column stays free: after a
// character there, terminals differ in where the cursor is.
func (t *terminal) frame() frame {
	w, h, err := t.size()
	if err != nil || w < 1 || h < 1 {
		w, h = 80, 24
	}
	return frame{width: max(w-1, 1), height: h, colour: t.colour}
}
