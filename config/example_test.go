package config_test

import (
	"fmt"
	"time"

	"github.com/galestream/gale/config"
)

// alertSettings are what the author of a bolt lets others configure.
type alertSettings struct {
	For     time.Duration `range:"1s..1h" doc:"How long a value must be above the threshold."`
	Webhook string        `doc:"Where alerts are posted to."`
	Token   config.Secret `doc:"The webhook's bearer token."`
}

func Example() {
	base := config.Default()
	base.Components = map[string]config.Component{"alert": {Settings: alertSettings{For: 10 * time.Second}}}
	cfg, err := config.Load(config.Sources{
		Base:  &base,
		Env:   []string{"GALE_COMPONENTS_ALERT_SETTINGS_TOKEN=hunter2"},
		Flags: []string{"topology.batch-size=64", "components.alert.settings.for=1m"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.Topology.BatchSize)
	fmt.Printf("%+v\n", cfg.Components["alert"].Settings)
	// Output:
	// 64
	// {For:1m0s Webhook: Token:[secret]}
}

func ExampleLoad_mistakes() {
	_, err := config.Load(config.Sources{
		Env:   []string{"GALE_TOPOLOGY_BATCHSIZE=64"},
		Flags: []string{"log.level=inof"},
	})
	fmt.Println(err)
	// Output:
	// configuration: 2 problems
	//   environment GALE_TOPOLOGY_BATCHSIZE: unknown variable "GALE_TOPOLOGY_BATCHSIZE", did you mean "GALE_TOPOLOGY_BATCH_SIZE"?
	//   flag: log.level is "inof", must be one of debug, info, warn, error, did you mean "info"?
}
