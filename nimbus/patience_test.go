package nimbus

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

func TestAFaultOfTheServersIsTriedAgain(t *testing.T) {
	for code, tries := range map[int]int{400: 1, 500: 2} {
		n := 0
		x, err := patiently(t.Context(), zap.NewNop(), func() (int, error) {
			if n++; n == 2 {
				return n, nil
			}
			return 0, fmt.Errorf("making the bucket: %w", &jetstream.APIError{Code: code})
		})
		require.Equal(t, tries, n)
		require.Equal(t, tries == 2, err == nil && x == 2)
	}
}
