package chaos

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/galestream/gale"
	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/leak"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/nimbus"
	"github.com/galestream/gale/supervisor"
)

// long has each test run as long, and as strictly, as its table says.
var long = flag.Bool("long", false, "run the fault tests whole")

// TestMain runs the tests, unless this program is one of their processes: a worker, or a daemon.
func TestMain(m *testing.M) {
	if os.Getenv(cluster.SpecVariable) != "" || os.Getenv(cluster.DescribeVariable) != "" {
		beLoad()
	}
	rig.Main(map[string]rig.Role{rig.NimbusRole: runNimbus, rig.SupervisorRole: runSupervisor})
	goleak.VerifyTestMain(m, leak.OfPut())
}

func beLoad() {
	if os.Getenv(tallyVariable) != "" {
		beTally()
	}
	l, err := readLoad()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(gale.ExitUsage)
	}
	l.maybeBreak()
	gale.Main(l.builder())
}

func beTally() {
	l, err := readTally()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(gale.ExitUsage)
	}
	gale.Main(l.builder())
}

func runNimbus(ctx context.Context, text []byte, ready func(string)) error {
	var s rig.NimbusSetting
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	log, err := zap.NewDevelopment()
	if err != nil {
		return err
	}
	o := nimbus.Options{ID: s.ID, Access: s.Access, Log: log}
	if s.Keys != "" {
		keys, err := auth.OpenKeys(s.Keys)
		if err != nil {
			return err
		}
		o.Issuer = keys.Issuer()
	}
	n, err := nimbus.New(o)
	if err != nil {
		return err
	}
	ready("") // it may never lead
	return n.Run(ctx)
}

func runSupervisor(ctx context.Context, text []byte, ready func(string)) error {
	var s rig.SupervisorSetting
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	log, err := zap.NewDevelopment()
	if err != nil {
		return err
	}
	v, err := supervisor.New(supervisor.Options{ID: s.ID, Data: s.Data, Slots: s.Slots, Access: s.Access, WorkerAccess: s.WorkerAccess, Log: log})
	if err != nil {
		return err
	}
	ready("")
	return v.Run(ctx)
}
