package cli

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/client"
	"github.com/stretchr/testify/require"
)

// sought is a writer that tells when a text has been written.
type sought struct {
	mu      sync.Mutex
	written bytes.Buffer
	text    string
	found   chan struct{}
}

func (s *sought) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := strings.Contains(s.written.String(), s.text)
	s.written.Write(p)
	if !before && strings.Contains(s.written.String(), s.text) {
		close(s.found)
	}
	return len(p), nil
}

// That no goroutine is left is what TestMain looks at.
func TestDevEndsWithItsContext(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	data := t.TempDir()
	for range 2 { // the second time there is data already
		ctx, cancel := context.WithCancel(t.Context())
		out, problems := &sought{text: "Ctrl-C here ends it", found: make(chan struct{})}, &strings.Builder{}
		code := make(chan int, 1)
		go func() {
			code <- run(ctx, []string{"dev", "--port", "-1", "--data", data, "--supervisors", "2"}, out, problems)
		}()
		select {
		case <-out.found:
			require.FileExists(t, client.ConnectionFile())
		case c := <-code:
			require.Fail(t, "it has ended", "code %d: %s", c, problems)
		case <-time.After(deadline):
			require.Fail(t, "it is not ready", problems)
		}
		cancel()
		require.Equal(t, exitOK, <-code, problems)
		require.NoFileExists(t, client.ConnectionFile())
	}
}

func TestWrongOptionsOfDaemonsAreMistakes(t *testing.T) {
	for args, part := range map[string]string{
		"dev --supervisors 0":                       "must be in 1..32",
		"dev --log-level loud":                      "--log-level",
		"dev p q":                                   "comes after --",
		"nats --log-format xml":                     "console or json",
		"supervisor --label gpu":                    "KEY=VALUE",
		"nimbus --embedded --nats nats://127.0.0.1": "without --nats",
	} {
		code, out, err := gale(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, code, err)
		require.Empty(t, out)
		require.Contains(t, err, part)
	}
}

func TestMachineNamesAreIDs(t *testing.T) {
	require.Regexp(t, `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`, machineName())
}
