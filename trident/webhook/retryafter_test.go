package webhook

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "3600": time.Minute, "-1": 0, "soon": 0, "99999999999999": 0,
		now.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second,
		now.Add(time.Hour).Format(http.TimeFormat):       time.Minute,
		now.Add(-time.Hour).Format(http.TimeFormat):      0,
	} {
		require.Equal(t, want, retryAfter(value, now), value)
	}
}
