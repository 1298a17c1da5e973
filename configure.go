package gale

import (
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/config"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// configure returns the configuration of a run: what the topology's author declares, overlaid by
// file, environment and flags.
func configure(t *topology.Topology, f galeFlags, env []string) (config.Config, error) {
	base := declared(t)
	return config.Load(config.Sources{Base: &base, File: f.file, Env: env, OtherEnv: otherVariables, Flags: f.set})
}

// otherVariables are those of a worker's process and of the command gale, which are no keys.
var otherVariables = []string{
	cluster.SpecVariable, cluster.FolderVariable, cluster.DescribeVariable, cluster.StateVariable, "GALE_NATS", "GALE_CREDS", "GALE_TLS_CA", "GALE_TLS_CERT", "GALE_TLS_KEY",
}

// declared is the configuration that the topology's author declares.
func declared(t *topology.Topology) config.Config {
	c := config.Default()
	if t.Options.MessageTimeout > 0 {
		c.Topology.MessageTimeout = t.Options.MessageTimeout
	}
	if t.Options.TimeoutMode == topology.SinceProgress {
		c.Topology.TimeoutMode = config.SinceProgress
	}
	if t.Options.Workers > 0 {
		c.Topology.Workers = t.Options.Workers
	}
	if t.Options.MaxSpoutPending > 0 {
		c.Topology.MaxSpoutPending = t.Options.MaxSpoutPending
	}
	c.Components = map[string]config.Component{}
	for _, d := range t.Components {
		c.Components[d.ID] = config.Component{Parallelism: d.Parallelism, MaxSpoutPending: d.MaxPending, Settings: d.Settings}
	}
	return c
}

// workerOptions returns what the configuration says to the worker.
func workerOptions(c config.Config, log *zap.Logger) worker.Options {
	o := worker.Options{
		MessageTimeout: c.Topology.MessageTimeout, TimeoutMode: topology.SinceEmit,
		MaxSpoutPending: c.Topology.MaxSpoutPending, InboxBatches: c.Topology.InboxBatches, BatchSize: c.Topology.BatchSize,
		StopTimeout: c.Topology.StopTimeout, StuckAfter: c.Topology.StuckAfter,
		SerializeEveryHop: c.Topology.SerializeEveryHop, Seed: c.Topology.Seed, Log: log,
		Overrides: map[string]worker.Override{},
	}
	if c.Topology.TimeoutMode == config.SinceProgress {
		o.TimeoutMode = topology.SinceProgress
	}
	if o.StuckAfter == 0 {
		o.StuckAfter = -1
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = 1 // no time to drain; to the worker 0 is its default
	}
	for id, d := range c.Components {
		o.Overrides[id] = worker.Override{Parallelism: d.Parallelism, MaxPending: d.MaxSpoutPending, Settings: d.Settings}
	}
	return o
}

// newLogger returns a logger that writes to w.
func newLogger(c config.Log, w zapcore.WriteSyncer) *zap.Logger {
	level, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		level = zapcore.InfoLevel // config admits only levels
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.TimeEncoderOfLayout(time.RFC3339)
	encoder := zapcore.NewConsoleEncoder(encoding)
	if c.Format == "json" {
		encoder = zapcore.NewJSONEncoder(encoding)
	}
	return zap.New(zapcore.NewCore(encoder, w, level))
}
