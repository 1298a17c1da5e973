package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/galestream/gale"
	"github.com/galestream/gale/cli"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/leak"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/topology"
	"go.uber.org/goleak"
)

const galeRole = "gale"

// command is a run of gale.
type command struct {
	Args []string
	Env  map[string]string
}

// TestMain runs the tests, unless this program is one of their processes: gale itself, or a worker.
func TestMain(m *testing.M) {
	if os.Getenv(cluster.SpecVariable) != "" || os.Getenv(cluster.DescribeVariable) != "" {
		gale.Main(numbers())
	}
	rig.Main(map[string]rig.Role{galeRole: runGale})
	goleak.VerifyTestMain(m, leak.OfPut())
}

func runGale(_ context.Context, setting []byte, ready func(string)) error {
	var c command
	if err := json.Unmarshal(setting, &c); err != nil {
		return err
	}
	for k, v := range c.Env {
		if err := os.Setenv(k, v); err != nil {
			return err
		}
	}
	ready("") // whether it does its work, the cluster tells
	if code := cli.Main(c.Args, os.Stdout, os.Stderr); code != 0 {
		return fmt.Errorf("exit code %d", code)
	}
	return nil
}

// numbers is a small topology.
func numbers() *topology.Builder {
	b := topology.NewBuilder("numbers")
	b.Spout("count", func() topology.Spout { return new(counter) }).Emits("n")
	b.Bolt("look", topology.BoltFunc(look)).Shuffle("count")
	return b
}

// counter emits a number every few calls, as the runtime spaces those that emit nothing.
type counter struct{ n int64 }

func (c *counter) Next(_ context.Context, out *topology.SpoutCollector) error {
	if c.n++; c.n%10 == 0 {
		out.EmitID(c.n, c.n)
	}
	return nil
}

func look(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	if t.Int("n") <= 0 {
		return fmt.Errorf("there is no number %d", t.Int("n"))
	}
	return nil
}
