package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// result is what is printed of a case. The ratio is value by limit: of a rate, the share of the
// limit that was reached; of a latency, how many times the limit's it is. Of what a probe has found, all but the value is 0.
type result struct {
	Case           string  `json:"case"`
	Unit           string  `json:"unit"`
	Value          float64 `json:"value"`
	Limit          float64 `json:"limit"`
	Ratio          float64 `json:"ratio"`
	P50            float64 `json:"p50_us"`
	P99            float64 `json:"p99_us"`
	P999           float64 `json:"p999_us"`
	CPUPerMillion  float64 `json:"cpu_s_per_m"`
	AllocsPerTuple float64 `json:"allocs_per_tuple"`

	bar    bar
	notes  []string
	single bool // value is all there is; the rest is 0
}

func newResult(c *benchCase, s sample, limit float64) result {
	r := result{
		Case: c.name, Unit: c.unit, bar: c.bar,
		Value: round(c.metric(s), 1), Limit: round(limit, 1), Ratio: round(c.metric(s)/limit, 3),
		P50: round(s.latency.p50, 1), P99: round(s.latency.p99, 1), P999: round(s.latency.p999, 1),
		CPUPerMillion:  round(s.cpu.Seconds()*1e6/float64(s.units), 4),
		AllocsPerTuple: round(float64(s.mallocs)/float64(s.units), 4),
	}
	r.addNotes(c.note, s.note)
	return r
}

// addNotes adds those that are not empty.
func (r *result) addNotes(notes ...string) {
	r.notes = append(r.notes, slices.DeleteFunc(notes, func(n string) bool { return n == "" })...)
}

func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

// bar is what a case is to reach; fields that are 0 ask for nothing.
type bar struct {
	value    float64 // at least, units a second
	ratio    float64 // at least
	p50, p99 float64 // at most, microseconds
	most     float64 // of a figure, in its unit
}

// String returns what is asked for, "-" when it is nothing.
func (b bar) String() string {
	var asks []string
	ask := func(format string, x, scale float64) {
		if x != 0 {
			asks = append(asks, fmt.Sprintf(format, x/scale))
		}
	}
	ask(">= %g M/s", b.value, 1e6)
	ask(">= %g of the limit", b.ratio, 1)
	ask("<= %g", b.most, 1)
	ask("p50 <= %g us", b.p50, 1)
	ask("p99 <= %g us", b.p99, 1)
	if asks == nil {
		return "-"
	}
	return strings.Join(asks, ", ")
}

// met returns "yes" or "no", or "-" when nothing is asked for.
func (b bar) met(r result) string {
	switch {
	case b == bar{}:
		return "-"
	case r.Value < b.value || r.Ratio < b.ratio, b.p50 > 0 && r.P50 > b.p50, b.p99 > 0 && r.P99 > b.p99, b.most > 0 && r.Value > b.most:
		return "no"
	}
	return "yes"
}

// printer prints results as they come.
type printer interface {
	print(r result) error
	end() error
}

// jsonLines prints results as JSON, one object a line.
type jsonLines struct{ e *json.Encoder }

func newJSONLines(w io.Writer) jsonLines { return jsonLines{json.NewEncoder(w)} }

func (l jsonLines) print(r result) error { return l.e.Encode(r) }

func (l jsonLines) end() error { return nil }
