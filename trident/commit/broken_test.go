package commit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// breakage says what is broken in a world; the zero breakage is nothing.
type breakage struct {
	wrap          func(*Machine) subject
	noCompare     bool // the log takes what bears an old attempt
	noSeek        bool // a source goes on where it is in a new attempt
	noFenceOnOpen bool // a partition opens without a fence, and joins the attempt that is under way
	foldsAny      bool // a partition folds overlays of other attempts
	acksEarly     bool // a partition acks before its delta is staged
}

// TestBrokenProtocolsAreFound shows that the simulation can fail: it finds each protocol that breaks one thing, for the reason
// that it is broken.
func TestBrokenProtocolsAreFound(t *testing.T) {
	const stuck, wrongSum, unstaged, twice = "not all is committed", "the log shows|records, its positions", "has not staged it", "was committed before"
	const visible = "partition . shows"
	for name, c := range map[string]struct {
		breakage
		found string
	}{
		"no fence after a failure":               {breakage{wrap: fenceless}, "two different deltas|" + wrongSum + "|" + twice + "|" + stuck},
		"commits without a report":               {breakage{wrap: reportless}, wrongSum},
		"commits in spite of a batch before":     {breakage{wrap: impatient}, unstaged},
		"takes Prepared of old attempts":         {breakage{wrap: preparedByAnyone}, unstaged},
		"takes reports of old attempts":          {breakage{wrap: reportedByAnyone}, wrongSum},
		"appends again what is unknown":          {breakage{wrap: retrying}, twice + "|" + wrongSum},
		"takes unknown for done":                 {breakage{wrap: optimistic}, visible},
		"takes unknown for refused":              {breakage{wrap: pessimistic}, twice + "|" + wrongSum},
		"forgets that an append is under way":    {breakage{wrap: hasty}, twice + "|" + wrongSum},
		"goes on after a refusal":                {breakage{wrap: deafTo(isRefusal)}, stuck},
		"goes on after a failed tree":            {breakage{wrap: deafTo(isFailure)}, stuck},
		"announces before it has committed":      {breakage{wrap: indiscreet}, visible},
		"never announces again":                  {breakage{wrap: deafTo(isUnheard)}, stuck},
		"positions are those of the emission":    {breakage{wrap: backward}, wrongSum},
		"positions are not handed to a source":   {breakage{wrap: positionless}, stuck},
		"waits for reports without end":          {breakage{wrap: patient}, stuck},
		"time goes back":                         {breakage{wrap: ahistoric}, "has time"},
		"the log compares nothing":               {breakage{noCompare: true}, unstaged + "|" + wrongSum + "|" + twice},
		"a source goes on where it is":           {breakage{noSeek: true}, wrongSum},
		"a partition opens without a fence":      {breakage{noFenceOnOpen: true}, unstaged + "|" + wrongSum},
		"a partition folds any attempt's deltas": {breakage{foldsAny: true}, visible + "|" + wrongSum},
		"a partition acks before it has staged":  {breakage{acksEarly: true}, unstaged},
	} {
		t.Run(name, func(t *testing.T) { requireFound(t, c.breakage, c.found) })
	}
}

func requireFound(t *testing.T, b breakage, found string) {
	seed := testSeed()
	for i := range uint64(10_000) {
		if _, err := simulate(seed+i, b); err != nil {
			t.Logf("found in schedule %d of seed %d: %v", i, seed, err)
			require.Regexp(t, found, err.Error())
			return
		}
	}
	require.Fail(t, "not found", "seed %d", seed)
}

// altered is a machine whose events and actions pass through functions; nil changes nothing.
type altered struct {
	*Machine
	before func(Event) Event // nil swallows it
	after  func([]Action) []Action
}
