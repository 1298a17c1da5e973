package console

import (
	"strings"
	"unicode/utf8"
)

// cell is one figure of a table.
type cell struct {
	text  string
	alarm bool // shown in red
}

// column is a figure of all components. The first column of a table is their names, to the left;
// the others are to the right.
type column struct {
	title string
	// spare says in which order columns give way on a narrow terminal: the highest first, 0 never.
	spare int
	cell  func(r *reading) cell
}

const gap = "  " // between columns

// nameRoom is what names keep as long as other columns can give way.
func (f frame) nameRoom() int { return max(f.width/5, 8) }

// table is columns of text, the titles being the first row.
type table struct {
	columns []column
	cells   [][]cell // by column, then by row
	widths  []int
}

func newTable(columns []column, rows []reading) *table {
	t := &table{columns: columns}
	for _, c := range columns {
		cells := []cell{{text: c.title}}
		for i := range rows {
			cells = append(cells, c.cell(&rows[i]))
		}
		t.cells = append(t.cells, cells)
		t.widths = append(t.widths, widest(cells))
	}
	return t
}

func widest(cells []cell) (width int) {
	for _, c := range cells {
		width = max(width, utf8.RuneCountInString(c.text))
	}
	return width
}

// fit makes the table as narrow as the frame: columns give way, then names are cut.
func (t *table) fit(f frame) {
	if f.width == 0 {
		return
	}
	for t.width()-t.widths[0]+min(t.widths[0], f.nameRoom()) > f.width && t.giveWay() {
	}
	t.widths[0] = min(t.widths[0], max(f.width-(t.width()-t.widths[0]), 1))
}

func (t *table) width() int {
	sum := len(gap) * (len(t.widths) - 1)
	for _, w := range t.widths {
		sum += w
	}
	return sum
}

// giveWay removes the column that can best be spared; false when all that is left must stay.
func (t *table) giveWay() bool {
	most := 0
	for i := range t.columns {
		if t.columns[i].spare > t.columns[most].spare {
			most = i
		}
	}
	if t.columns[most].spare == 0 {
		return false
	}
	t.remove(most)
	return true
}

func (t *table) remove(i int) {
	t.columns = without(t.columns, i)
	t.cells = without(t.cells, i)
	t.widths = without(t.widths, i)
}

// without returns a copy, as what it is given may be a table's declaration.
func without[T any](all []T, i int) []T { return append(all[:i:i], all[i+1:]...) }

// lines returns the rows.
func (t *table) lines(f frame) []string {
	var lines []string
	for row := range t.cells[0] {
		var b strings.Builder
		for i := range t.cells {
			t.writeCell(&b, i, t.cells[i][row], f.colour)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

func (t *table) writeCell(b *strings.Builder, i int, c cell, colour bool) {
	if i > 0 {
		b.WriteString(gap)
	}
	text := fit(c.text, t.widths[i])
	padding := strings.Repeat(" ", max(t.widths[i]-utf8.RuneCountInString(text), 0))
	if c.alarm && colour {
		text = red + text + reset
	}
	if i == 0 {
		b.WriteString(text + padding)
	} else {
		b.WriteString(padding + text)
	}
}
