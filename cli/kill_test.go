package cli

import (
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

func TestAKillIsWaitedForLongerThanItDrains(t *testing.T) {
	for _, c := range []struct {
		wait time.Duration // as requests have it: 0 is the message timeout, less is no drain
		args []string
		want time.Duration
	}{
		{0, nil, 15 * time.Minute},
		{-1, nil, 5 * time.Minute},
		{time.Hour, nil, 65 * time.Minute},
		{0, []string{"--timeout", "3s"}, 3 * time.Second},
		{time.Hour, []string{"--timeout", "3s"}, 3 * time.Second},
	} {
		app := &cli.App{Flags: killVerb().flags, Action: func(x *cli.Context) error {
			i := &invocation{Context: x}
			d := &cluster.Description{Definition: cluster.Definition{Timeout: 10 * time.Minute}}
			require.Equal(t, c.want, i.killPatience(&cluster.KillRequest{Wait: c.wait}, d), "%v %v", c.wait, c.args)
			return nil
		}}
		require.NoError(t, app.Run(append([]string{"kill"}, c.args...)))
	}
}
