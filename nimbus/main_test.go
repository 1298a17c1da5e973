package nimbus

import (
	"testing"

	"github.com/galestream/gale/internal/leak"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, leak.OfPut()) }
