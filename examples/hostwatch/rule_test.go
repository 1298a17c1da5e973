package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// second returns the time n seconds after the epoch.
func second(n float64) time.Time { return epoch.Add(time.Duration(n * float64(time.Second))) }

func newTestRule(hold time.Duration) *rule {
	return &rule{band: band{90, 70}, hold: hold, gap: 3 * time.Second}
}

// value is a value at a number of seconds.
type value struct{ at, is float64 }

// change is a transition at a number of seconds.
type change struct {
	at float64
	transition
}

func changes(r *rule, values []value) (out []change) {
	for _, v := range values {
		if t, changed := r.next(second(v.at), v.is); changed {
			out = append(out, change{v.at, t})
		}
	}
	return out
}

// everySecond returns one value a second, from 0.
func everySecond(values ...float64) (out []value) {
	for i, v := range values {
		out = append(out, value{float64(i), v})
	}
	return out
}

func fired(at, lasted float64) change {
	return change{at, transition{Firing, 90, second(lasted).Sub(epoch)}}
}

func resolved(at, lasted float64) change {
	return change{at, transition{Resolved, 70, second(lasted).Sub(epoch)}}
}

func TestRule(t *testing.T) {
	missing := math.NaN()
	for name, c := range map[string]struct {
		hold   time.Duration
		values []value
		want   []change
	}{
		"fires at once without a duration":         {0, everySecond(91), []change{fired(0, 0)}},
		"fires above, not at the threshold":        {0, everySecond(90, 90, 90.01), []change{fired(2, 0)}},
		"one sample short of the duration":         {3 * time.Second, everySecond(95, 95, 95, 50), nil},
		"fires at the duration":                    {3 * time.Second, everySecond(95, 95, 95, 95), []change{fired(3, 3)}},
		"a nanosecond short of the duration":       {3 * time.Second, []value{{0, 95}, {1, 95}, {2.999999999, 95}}, nil},
		"fires later than the duration if it must": {3 * time.Second, []value{{0, 95}, {2, 95}, {4, 95}}, []change{fired(4, 4)}},
		"fires once":                                {time.Second, everySecond(95, 95, 95, 95, 95), []change{fired(1, 1)}},
		"a sample below begins anew":                {3 * time.Second, everySecond(95, 95, 95, 89, 95, 95, 95, 95), []change{fired(7, 3)}},
		"a sample at the threshold begins anew":     {2 * time.Second, everySecond(95, 95, 90, 95, 95), nil},
		"resolves below, not at the threshold":      {0, everySecond(95, 70, 70, 69.9), []change{fired(0, 0), resolved(3, 3)}},
		"between the thresholds it goes on to fire": {0, everySecond(95, 71, 89, 95, 80), []change{fired(0, 0)}},
		"resolves at once":                          {2 * time.Second, everySecond(95, 95, 95, 10), []change{fired(2, 2), resolved(3, 1)}},
		"fires again after it has resolved":         {time.Second, everySecond(95, 95, 10, 95, 95), []change{fired(1, 1), resolved(2, 1), fired(4, 1)}},
		"a missing value begins anew":               {2 * time.Second, everySecond(95, 95, missing, 95, 95), nil},
		"a missing value resolves nothing":          {0, everySecond(95, missing, missing, 95), []change{fired(0, 0)}},
		"infinite is above":                         {0, everySecond(math.Inf(1)), []change{fired(0, 0)}},
		"a gap is bridged up to its limit":          {3 * time.Second, []value{{0, 95}, {3, 95}}, []change{fired(3, 3)}},
		"a longer gap begins anew":                  {3 * time.Second, []value{{0, 95}, {3.1, 95}, {6, 95}}, nil},
		"a gap resolves nothing":                    {0, []value{{0, 95}, {3600, 95}, {3601, 5}}, []change{fired(0, 0), resolved(3601, 3601)}},
		"time that goes back begins anew":           {3 * time.Second, []value{{10, 95}, {12, 95}, {1, 95}, {3, 95}}, nil},
		"a sample that comes twice changes nothing": {2 * time.Second, []value{{0, 95}, {0, 95}, {1, 95}, {1, 95}, {2, 95}, {2, 95}}, []change{fired(2, 2)}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, changes(newTestRule(c.hold), c.values))
		})
	}
}

// A sine between 65 and 95 crosses both thresholds once in each direction.
func TestRuleFiresOncePerPeriodOfASine(t *testing.T) {
	const period, periods = 60, 100
	var values []float64
	for i := range period * periods {
		values = append(values, 80-15*math.Cos(2*math.Pi*float64(i)/period))
	}
	values = append(values, 65)
	got := changes(newTestRule(5*time.Second), everySecond(values...))
	require.Len(t, got, 2*periods)
	for i, c := range got {
		require.Equal(t, []State{Firing, Resolved}[i%2], c.to)
		require.Equal(t, i/2, int(c.at-1)/period, "the period of change %d", i)
	}
}

// Whatever the values, states alternate, and each has the values that it must.
func TestRuleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hold := rapid.IntRange(0, 5).Draw(t, "hold")
		values := rapid.SliceOf(rapid.SampledFrom([]float64{10, 69, 70, 71, 89, 90, 91, 99, math.NaN()})).Draw(t, "values")
		want := Firing
		for _, c := range changes(newTestRule(time.Duration(hold)*time.Second), everySecond(values...)) {
			if c.to != want {
				t.Fatalf("%v at %v, want %v", c.to, c.at, want)
			}
			now := int(c.at)
			if want == Resolved {
				want = Firing
				if !(values[now] < 70) {
					t.Fatalf("resolved by %v", values[now])
				}
				continue
			}
			want = Resolved
			for i := now - hold; i <= now; i++ {
				if !(values[i] > 90) {
					t.Fatalf("fired at %d with %v at %d", now, values[i], i)
				}
			}
		}
	})
}
