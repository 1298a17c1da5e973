package commit

import (
	"regexp"
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

// brokenProtocol is a protocol that breaks one thing, and what the simulation says of it.
type brokenProtocol struct {
	breakage
	found string
}

func brokenProtocols() map[string]brokenProtocol {
	const (
		stuck    = "not all is committed"
		sum      = "the log shows|records, its positions" // records are lost or doubled
		unstaged = "has not staged it"
		twice    = "was committed before"
		visible  = "partition . shows" // what is not committed
	)
	return map[string]brokenProtocol{
		"no fence after a failure":               {breakage{wrap: fenceless}, sum},
		"commits without a report":               {breakage{wrap: reportless}, sum},
		"commits in spite of a batch before":     {breakage{wrap: impatient}, unstaged},
		"takes Prepared of old attempts":         {breakage{wrap: preparedByAnyone}, unstaged},
		"takes reports of old attempts":          {breakage{wrap: reportedByAnyone}, sum},
		"appends again what is unknown":          {breakage{wrap: retrying}, twice},
		"takes unknown for done":                 {breakage{wrap: optimistic}, visible},
		"takes unknown for refused":              {breakage{wrap: pessimistic}, twice},
		"forgets that an append is under way":    {breakage{wrap: hasty}, twice},
		"goes on after a refusal":                {breakage{wrap: deafTo(isRefusal)}, stuck},
		"goes on after a failed tree":            {breakage{wrap: deafTo(isFailure)}, stuck},
		"announces before it has committed":      {breakage{wrap: indiscreet}, visible},
		"never announces again":                  {breakage{wrap: deafTo(isUnheard)}, stuck},
		"positions are those of the emission":    {breakage{wrap: backward}, sum},
		"positions are not handed to a source":   {breakage{wrap: positionless}, stuck},
		"waits for reports without end":          {breakage{wrap: patient}, stuck},
		"gives up when another has taken over":   {breakage{wrap: resigned}, stuck},
		"looks for no other coordinator":         {breakage{wrap: blind}, stuck},
		"time goes back":                         {breakage{wrap: ahistoric}, "has time"},
		"the log compares nothing":               {breakage{noCompare: true}, twice},
		"a source goes on where it is":           {breakage{noSeek: true}, sum},
		"a partition opens without a fence":      {breakage{noFenceOnOpen: true}, unstaged},
		"a partition folds any attempt's deltas": {breakage{foldsAny: true}, visible},
		"a partition acks before it has staged":  {breakage{acksEarly: true}, unstaged},
	}
}

// TestBrokenProtocolsAreFound shows that the simulation can fail: it finds each protocol that breaks one thing, for the reason
// that it is broken.
func TestBrokenProtocolsAreFound(t *testing.T) {
	for name, c := range brokenProtocols() {
		t.Run(name, func(t *testing.T) { requireFound(t, c.breakage, c.found) })
	}
}

// requireFound simulates until a schedule shows what is broken. Another one may show a consequence first, but none of a
// sound protocol shows anything.
func requireFound(t *testing.T, b breakage, found string) {
	seed, why := testSeed(), regexp.MustCompile(found)
	for i := range uint64(10_000) {
		if _, err := simulate(seed+i, b); err != nil && why.MatchString(err.Error()) {
			t.Logf("found in schedule %d of seed %d: %v", i, seed, err)
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
