package cli

import (
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/supervisor"
	"github.com/urfave/cli/v2"
)

func supervisorVerb() *verb {
	return &verb{
		name: "supervisor", category: clusterVerbs, usage: "runs a supervisor, which runs workers", silent: true, run: runSupervisor,
		example: "gale supervisor --nats nats://10.0.0.1:4222 --creds daemon.creds --slots 8 --label gpu=true",
		about:   "One for each machine. Told to end, it leaves its workers running, and takes them over again when it is back.",
		flags: append([]cli.Flag{
			dataFlag("supervisor"),
			&cli.StringFlag{Name: "id", Usage: "who it is `ID`", DefaultText: "the machine's name and four characters, kept in the data folder"},
			slotsFlag(),
			&cli.StringSliceFlag{Name: "label", Usage: "what topologies may ask for; may be given several times `KEY=VALUE`"},
			&cli.IntFlag{Name: "memory", Usage: "MiB for all workers together `N`", DefaultText: "80 % of the machine's"},
			&cli.IntFlag{Name: "cpu", Usage: "percent of a core for all workers together `N`", DefaultText: "all cores"},
			&cli.StringFlag{Name: "health-checks", Usage: "folder of executables: when one fails three times in a row, the workers move away `DIR`"},
			&cli.StringFlag{Name: "worker-cert", Usage: "certificate for workers, where NATS asks for clients', PEM `FILE`"},
			&cli.StringFlag{Name: "worker-key", Usage: "its key, PEM `FILE`"},
			&cli.BoolFlag{Name: "stop-workers", Usage: "stop the workers when it ends"},
		}, logFlags("info")...),
	}
}

func slotsFlag() cli.Flag {
	return &cli.IntFlag{Name: "slots", Usage: "how many workers a supervisor runs at most `N`", Value: 4}
}

func runSupervisor(i *invocation) error {
	log, err := i.logger(i.err)
	if err != nil {
		return err
	}
	labels, err := pairs("label", i.StringSlice("label"))
	if err != nil {
		return err
	}
	o := supervisor.Options{
		Access: i.givenAccess(), ID: i.String("id"), Slots: i.Int("slots"), Labels: labels, Memory: i.Int("memory"), CPU: i.Int("cpu"),
		HealthChecks: i.String("health-checks"), StopWorkers: i.Bool("stop-workers"), Log: log,
		WorkerAccess: &cluster.Access{Cert: i.String("worker-cert"), Key: i.String("worker-key")},
	}
	if o.Data, err = i.data("supervisor"); err != nil {
		return err
	}
	s, err := supervisor.New(o)
	if err != nil {
		return err
	}
	return s.Run(i.ctx)
}
