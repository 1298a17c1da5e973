package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table is rows of text, to be written in columns.
type table struct{ rows [][]string }

func newTable(titles ...string) *table { return &table{rows: [][]string{titles}} }

// row adds a row. Cells are written as they are printed, in one line each.
func (t *table) row(cells ...any) {
	var row []string
	for _, c := range cells {
		row = append(row, strings.ReplaceAll(clean(fmt.Sprint(c)), "\n", " "))
	}
	t.rows = append(t.rows, row)
}

func (t *table) write(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(line(row, widths) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func line(row []string, widths []int) string {
	var b strings.Builder
	for i, c := range row {
		b.WriteString(c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
	}
	return strings.TrimRight(b.String(), " ")
}

// age is how long ago something was, for people: two digits or three are enough.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Minute:
		return strings.Replace(d.Round(time.Second).String(), "m0s", "m", 1)
	case d < 48*time.Hour:
		return strings.Replace(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "h0m", "h", 1)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// size is a number of bytes, for people.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// tally is numbers by name, in the order of the names.
func tally(m map[string]int) string {
	var all []string
	for name, n := range m {
		all = append(all, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// short is the end of an id, which tells those of one cluster apart: ids of one process begin alike.
func short(id string) string { return id[max(len(id)-8, 0):] }

// orNone stands in for what is empty.
func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
