package gale

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/galestream/gale/config"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// limits are the settings of the bolt of testTopology.
type limits struct {
	Lines int    `range:"1..100"`
	Name  string // never overridden here
}

func testBuilder() *topology.Builder {
	b := topology.NewBuilder("test").MessageTimeout(time.Minute)
	b.Spout("lines", topology.SpoutFunc(func(context.Context, *topology.SpoutCollector) error { return topology.ErrEnd })).
		Emits("line").MaxPending(7)
	b.Bolt("sink", topology.BoltFunc(func(context.Context, *topology.Tuple, *topology.Collector) error { return nil })).
		Shuffle("lines").Parallelism(2).Settings(limits{Lines: 3, Name: "kept"})
	return b
}

func build(t *testing.T, b *topology.Builder) *topology.Topology {
	t.Helper()
	built, err := b.Build()
	require.NoError(t, err)
	return built
}

func file(t *testing.T, text string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "gale.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestLaterSourcesGoBefore(t *testing.T) {
	inFile := file(t, "topology: {message-timeout: 2m}\ncomponents: {sink: {parallelism: 4, settings: {lines: 5}}}\n")
	env := []string{"GALE_TOPOLOGY_MESSAGE_TIMEOUT=3m", "GALE_COMPONENTS_SINK_PARALLELISM=6", "GALE_COMPONENTS_SINK_SETTINGS_LINES=7"}
	flags := []string{"topology.message-timeout=4m", "components.sink.parallelism=8", "components.sink.settings.lines=9"}
	for _, c := range []struct {
		name    string
		flags   galeFlags
		env     []string
		timeout time.Duration
		tasks   int
		lines   int
	}{
		{"program", galeFlags{}, nil, time.Minute, 2, 3},
		{"file", galeFlags{file: inFile}, nil, 2 * time.Minute, 4, 5},
		{"environment", galeFlags{}, env, 3 * time.Minute, 6, 7},
		{"environment before file", galeFlags{file: inFile}, env, 3 * time.Minute, 6, 7},
		{"flags", galeFlags{set: flags}, nil, 4 * time.Minute, 8, 9},
		{"flags before all", galeFlags{file: inFile, set: flags}, env, 4 * time.Minute, 8, 9},
		{"single keys", galeFlags{file: inFile, set: flags[:1]}, env[1:2], 4 * time.Minute, 6, 5},
		{"the file that the environment names", galeFlags{}, []string{"GALE_CONFIG=" + inFile}, 2 * time.Minute, 4, 5},
		{"the file that a flag names", galeFlags{file: inFile}, []string{"GALE_CONFIG=nowhere.yaml"}, 2 * time.Minute, 4, 5},
		{"what is not Gale's", galeFlags{}, []string{"PATH=/bin", "GALEFORCE=9"}, time.Minute, 2, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := configure(build(t, testBuilder()), c.flags, c.env)
			require.NoError(t, err)
			opt := workerOptions(cfg, zap.NewNop())
			require.Equal(t, c.timeout, opt.MessageTimeout)
			require.Equal(t, c.tasks, opt.Overrides["sink"].Parallelism)
			require.Equal(t, limits{Lines: c.lines, Name: "kept"}, opt.Overrides["sink"].Settings)
			require.Equal(t, 7, opt.Overrides["lines"].MaxPending, "which none of them says")
		})
	}
}

func TestMistakesNameTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		env  []string
		set  []string
		want []string
	}{
		{name: "value in the file", file: "topology:\n  batch-size: many\n", want: []string{"gale.yaml:2:15", "batch-size"}},
		{name: "key in the file", file: "topology:\n  batch-sise: 3\n", want: []string{"gale.yaml:2:3", "batch-size"}},
		{name: "no YAML", file: "topology: [\n", want: []string{"gale.yaml:", "is no YAML"}},
		{name: "value in the environment", env: []string{"GALE_LOG_LEVEL=loud"}, want: []string{"environment GALE_LOG_LEVEL", "log.level"}},
		{name: "variable", env: []string{"GALE_LOG_LEVELS=info"}, want: []string{`environment GALE_LOG_LEVELS: unknown variable`, `did you mean "GALE_LOG_LEVEL"?`}},
		{name: "value of a flag", set: []string{"topology.batch-size=0"}, want: []string{"flag: topology.batch-size", "1..4096"}},
		{name: "flag", set: []string{"batch-size=3"}, want: []string{`flag: unknown key "batch-size"`, `did you mean "topology.batch-size"?`}},
		{name: "component", set: []string{"components.sinc.parallelism=3"}, want: []string{"flag: ", "components.sinc.parallelism"}},
		{name: "settings", set: []string{"components.sink.settings.lines=101"}, want: []string{"flag: components.sink.settings.lines", "1..100"}},
		{name: "all at once", file: "log: {level: loud}", env: []string{"GALE_TOPOLOGY_SEED=x"}, set: []string{"a=b"},
			want: []string{"3 problems", "gale.yaml:1:14", "environment GALE_TOPOLOGY_SEED", `flag: unknown key "a"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := []string{"-gale.config=" + file(t, c.file)}
			for _, s := range c.set {
				flags = append(flags, "-gale."+s)
			}
			var stderr bytes.Buffer
			require.Equal(t, 2, run(testBuilder(), flags, c.env, &stderr), "%s", &stderr)
			for _, text := range c.want {
				require.Contains(t, stderr.String(), text)
			}
		})
	}
}

func TestDeclaredOptionsAreTheBase(t *testing.T) {
	b := testBuilder().TimeoutMode(topology.SinceProgress).MaxSpoutPending(9)
	opt := workerOptions(declared(build(t, b)), zap.NewNop())
	require.Equal(t, topology.SinceProgress, opt.TimeoutMode)
	require.Equal(t, 9, opt.MaxSpoutPending)

	cfg, err := configure(build(t, b), galeFlags{set: []string{"topology.timeout-mode=since-emit"}}, nil)
	require.NoError(t, err)
	require.Equal(t, topology.SinceEmit, workerOptions(cfg, zap.NewNop()).TimeoutMode)
}

// To a worker 0 is its default; in a configuration it is a value.
func TestZeroIsNotTheDefault(t *testing.T) {
	cfg, err := configure(build(t, testBuilder()), galeFlags{set: []string{"topology.stuck-after=0s", "topology.stop-timeout=0s"}}, nil)
	require.NoError(t, err)
	opt := workerOptions(cfg, zap.NewNop())
	require.Negative(t, opt.StuckAfter, "never")
	require.Equal(t, time.Nanosecond, opt.StopTimeout, "no time to drain")
}

func TestLogger(t *testing.T) {
	for _, c := range []struct {
		log        config.Log
		logged     bool
		beginsWith byte
	}{
		{config.Log{Level: "info", Format: "json"}, true, '{'},
		{config.Log{Level: "info", Format: "console"}, true, '2'}, // the year
		{config.Log{Level: "warn", Format: "json"}, false, 0},
	} {
		var out bytes.Buffer
		newLogger(c.log, zapcore.AddSync(&out)).Info("began", zap.Int("tasks", 3))
		require.Equal(t, c.logged, out.Len() > 0)
		if c.logged {
			require.Equal(t, c.beginsWith, out.Bytes()[0])
			require.Contains(t, out.String(), `"tasks":`)
		}
	}
}
