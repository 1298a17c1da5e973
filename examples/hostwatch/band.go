package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// band is the pair of thresholds of a metric, as a flag: "90:70" fires above 90 and resolves
// below 70, "off" (the zero band) watches nothing.
type band struct{ fire, resolve float64 }

// off reports whether the metric is not watched.
func (b band) off() bool { return b == band{} }

// String returns the band as Set reads it.
func (b band) String() string {
	if b.off() {
		return "off"
	}
	return strconv.FormatFloat(b.fire, 'g', -1, 64) + ":" + strconv.FormatFloat(b.resolve, 'g', -1, 64)
}

// Set implements flag.Value.
func (b *band) Set(text string) error {
	if text == "off" {
		*b = band{}
		return nil
	}
	above, below, paired := strings.Cut(text, ":")
	fire, err1 := strconv.ParseFloat(above, 64)
	resolve, err2 := strconv.ParseFloat(below, 64)
	if !paired || err1 != nil || err2 != nil {
		return fmt.Errorf(`want FIRE:RESOLVE, such as 90:70, or "off"`)
	}
	*b = band{fire, resolve}
	return b.check()
}

// check refuses thresholds that no value can cross, or that would fire and resolve at once.
func (b band) check() error {
	switch {
	case math.IsNaN(b.fire) || math.IsInf(b.fire, 0) || math.IsNaN(b.resolve):
		return fmt.Errorf("thresholds must be finite numbers")
	case b.resolve <= 0:
		return fmt.Errorf("it would never resolve: RESOLVE must be above 0")
	case b.resolve > b.fire:
		return fmt.Errorf("RESOLVE must not be above FIRE")
	}
	return nil
}
