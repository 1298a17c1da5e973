package main

import (
	"fmt"
	"io"
)

// table prints results as rows, and at its end what is to be known of them.
type table struct {
	w     io.Writer
	begun bool
	notes []string
}

func newTable(w io.Writer) *table { return &table{w: w} }

const (
	textFormat = "%-30s %-8s %8s %8s %6s %9s %9s %9s %9s %9s %4s  %s\n" // of the head, and of what is one figure
	rowFormat  = "%-30s %-8s %8s %8s %6.2f %9.1f %9.1f %9.1f %9.3f %9.4f %4s  %s\n"
)

func (t *table) print(r result) error {
	if !t.begun {
		t.begun = true
		if _, err := fmt.Fprintf(t.w, textFormat, "case", "unit", "value", "limit", "ratio", "p50 us", "p99 us", "p99.9 us", "cpu s/M", "allocs/t", "met", "bar"); err != nil {
			return err
		}
	}
	for _, n := range r.notes {
		t.notes = append(t.notes, r.Case+": "+n)
	}
	if r.single {
		_, err := fmt.Fprintf(t.w, textFormat, r.Case, r.Unit, short(r.Value), "-", "-", "-", "-", "-", "-", "-", r.bar.met(r), r.bar)
		return err
	}
	_, err := fmt.Fprintf(t.w, rowFormat, r.Case, r.Unit, short(r.Value), short(r.Limit), r.Ratio,
		r.P50, r.P99, r.P999, r.CPUPerMillion, r.AllocsPerTuple, r.bar.met(r), r.bar)
	return err
}

func (t *table) end() error {
	for i, n := range t.notes {
		if i == 0 {
			n = "\n" + n
		}
		if _, err := fmt.Fprintln(t.w, n); err != nil {
			return err
		}
	}
	return nil
}

// short writes a number with its magnitude: 23.41 M, 81.2 k, 38.5.
func short(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.2f M", x/1e6)
	case x >= 1e4:
		return fmt.Sprintf("%.1f k", x/1e3)
	}
	return fmt.Sprintf("%.1f", x)
}
