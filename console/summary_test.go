package console

import (
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

func TestSummary(t *testing.T) {
	s := withErrors(sample(83*time.Second, 12_345_678))
	s.State = "ended"
	requireGolden(t, "summary", summary(&s, frame{}))
	requireGolden(t, "summary-colour", summary(&s, frame{width: 150, height: 40, colour: true}))
}

func TestSummaryWithoutTrouble(t *testing.T) {
	s := sample(1200*time.Millisecond, 1_000_000)
	s.State, s.Tasks[4].Pending = "ended", 0
	s.Tasks[3].Counts = worker.Counts{Executed: 5, Acked: 5}
	requireGolden(t, "summary-well", summary(&s, frame{}))
	requireGolden(t, "summary-well-79", summary(&s, frame{width: 79, height: 24}))
}

// A terminal that is too narrow may wrap lines, but loses no figure other than zeros.
func TestSummaryLosesNothing(t *testing.T) {
	s := withErrors(sample(83*time.Second, 12_345_678))
	narrow := strings.Join(summary(&s, frame{width: 10, height: 5}), "\n")
	for _, figure := range []string{"FAILED", "DEAD LETTERS", "RESTARTS", "12345678", "98765424", "audit-of-everything-unusual", "日本語"} {
		require.Contains(t, narrow, figure)
	}
	require.NotContains(t, narrow, "TIMED OUT")
}
