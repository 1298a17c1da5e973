package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlain(t *testing.T) {
	before, now := sample(10*time.Second, 1_000_000), withErrors(sample(15*time.Second, 1_500_500))
	requireGolden(t, "plain", plain(&now, &before))
}

func TestPlainTellsOfAnErrorOnce(t *testing.T) {
	s := withErrors(sample(10*time.Second, 1000))
	require.Len(t, plain(&s, &s), len(readings(&s, &s)))
}
