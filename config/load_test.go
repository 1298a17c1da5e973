package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// countSettings are settings as the author of a bolt declares them.
type countSettings struct {
	MaxAge time.Duration `range:"1s..1h"`
	Limits []int         `range:"1..10"`
	ByName map[string]float64
	Token  Secret
	URL    string  `yaml:"endpoint"`
	Ratio  float64 `range:"0..1"`
	Peer   netip.Addr
	Note   string
	Nested struct {
		Deep uint8 `range:"0..9"`
	}
	Hook     func()
	internal int
}

// declared is what a program with four components declares.
func declared() *Config {
	c := Default()
	c.Components = map[string]Component{
		"lines":  {},
		"count":  {Parallelism: 4, Settings: countSettings{URL: "http://here", Ratio: 0.5, ByName: map[string]float64{"a": 1}, internal: 7}},
		"alert":  {Settings: &countSettings{Ratio: 0.25}},
		"a.b-c":  {},
		"number": {Settings: 5},
		"loose":  {Settings: map[string]any{"a": int64(1)}},
	}
	return &c
}

func write(t testing.TB, text string) string {
	name := filepath.Join(t.TempDir(), "gale.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

const everyKey = `# all that can be set
topology:
  message-timeout: 1m30s
  timeout-mode: since-progress
  max-spout-pending: 100
  inbox-batches: 8
  batch-size: 64   # tuples
  stop-timeout: 0
  stuck-after: "0s"
  serialize-every-hop: true
  seed: 18446744073709551615
components:
  count: {parallelism: 3, max-spout-pending: 7}
  2:
    settings:
      words: [a, 1, 2.5, true, null]
      more: {deep: "x"}
log:
  level: debug
  format: json
`

func TestFileSetsEveryKey(t *testing.T) {
	c, err := Load(Sources{File: write(t, everyKey)})
	require.NoError(t, err)
	require.Equal(t, Config{
		Topology: Topology{
			MessageTimeout: 90 * time.Second, TimeoutMode: SinceProgress, MaxSpoutPending: 100, InboxBatches: 8,
			BatchSize: 64, SerializeEveryHop: true, Workers: 1, Seed: 1<<64 - 1,
		},
		Components: map[string]Component{
			"count": {Parallelism: 3, MaxSpoutPending: 7},
			"2": {Settings: map[string]any{
				"words": []any{"a", int64(1), 2.5, true, nil}, "more": map[string]any{"deep": "x"},
			}},
		},
		Log: Log{Level: "debug", Format: "json"},
	}, c)
}

func TestDefaults(t *testing.T) {
	want := Config{
		Topology: Topology{
			MessageTimeout: 30 * time.Second, TimeoutMode: SinceEmit, MaxSpoutPending: 4096, InboxBatches: 16,
			BatchSize: 256, StopTimeout: 10 * time.Second, StuckAfter: 10 * time.Second, Workers: 1,
		},
		Log: Log{Level: "info", Format: "console"},
	}
	require.Equal(t, want, Default())
	require.NoError(t, want.Validate())
	for _, empty := range []string{"", "# nothing\n", "---\n", "topology:\n  # batch-size: 1\n", "\ufeff", "components:\n  x:\n", "{}"} {
		c, err := Load(Sources{File: write(t, empty)})
		require.NoError(t, err, "%q", empty)
		c.Components = nil
		require.Equal(t, want, c)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	base := Default()
	base.Topology.BatchSize, base.Topology.InboxBatches, base.Topology.MaxSpoutPending, base.Topology.Seed = 1, 1, 1, 1
	c, err := Load(Sources{
		Base:  &base,
		File:  write(t, "topology: {inbox-batches: 2, max-spout-pending: 2, seed: 2}"),
		Env:   []string{"GALE_TOPOLOGY_MAX_SPOUT_PENDING=3", "GALE_TOPOLOGY_SEED=3", "PATH=/bin", "no pair"},
		Flags: []string{"topology.seed=5", "topology.seed=4"},
	})
	require.NoError(t, err)
	got := c.Topology
	require.Equal(t, []int{1, 2, 3, 4}, []int{got.BatchSize, got.InboxBatches, got.MaxSpoutPending, int(got.Seed)})
}

func TestFileNamedByEnvironment(t *testing.T) {
	env := []string{"GALE_CONFIG=" + write(t, "log: {level: warn}"), "GALE_TOKEN=x"}
	c, err := Load(Sources{Env: env, OtherEnv: []string{"GALE_TOKEN"}})
	require.NoError(t, err)
	require.Equal(t, "warn", c.Log.Level)
	c, err = Load(Sources{Env: env, OtherEnv: []string{"GALE_TOKEN"}, File: write(t, "log: {level: error}")})
	require.NoError(t, err)
	require.Equal(t, "error", c.Log.Level)
}

func TestSettingsOverlayWhatIsDeclared(t *testing.T) {
	base := declared()
	c, err := Load(Sources{
		Base: base,
		File: write(t, `
components:
  count:
    parallelism: 9
    settings:
      max-age: 1m
      limits: [1, 2]
      by-name: {b: 2}
      token: "s3cr3t"
      peer: "::1"
      note: |
        two
        lines
      nested: {deep: 9}
  alert: {settings: {endpoint: "http://there"}}
  loose: {settings: {b: x}}
`),
		Env:   []string{"GALE_COMPONENTS_COUNT_SETTINGS_LIMITS=[3]", "GALE_COMPONENTS_ALERT_SETTINGS_TOKEN=t0k3n"},
		Flags: []string{"components.alert.settings.by-name={c: 3}", "components.a.b-c.parallelism=2"},
	})
	require.NoError(t, err)
	require.Equal(t, Component{Parallelism: 9, Settings: countSettings{
		MaxAge: time.Minute, Limits: []int{3}, ByName: map[string]float64{"a": 1, "b": 2}, Token: NewSecret("s3cr3t"),
		URL: "http://here", Ratio: 0.5, internal: 7,
		Peer: netip.MustParseAddr("::1"), Note: "two\nlines\n",
		Nested: struct {
			Deep uint8 `range:"0..9"`
		}{9},
	}}, c.Components["count"])
	require.Equal(t, &countSettings{
		Ratio: 0.25, URL: "http://there", Token: NewSecret("t0k3n"), ByName: map[string]float64{"c": 3},
	}, c.Components["alert"].Settings)
	require.Equal(t, map[string]any{"a": int64(1), "b": "x"}, c.Components["loose"].Settings)
	require.Equal(t, 2, c.Components["a.b-c"].Parallelism)
	require.Equal(t, declared(), base, "the base is as it was")
}

// mistakes are files with what must be said of them, in order.
var mistakes = []struct {
	name, file string
	want       []string
}{
	{"unknown key", "topology:\n  batchsize: 5", []string{`2:3: unknown key "topology.batchsize", did you mean "batch-size"?`}},
	{"underscores", "topology: {max_spout_pending: 5}", []string{`1:12: unknown key "topology.max_spout_pending", did you mean "max-spout-pending"?`}},
	{"unknown section", "topolgy: {seed: 1}", []string{`1:1: unknown key "topolgy", did you mean "topology"?`}},
	{"key without its section", "batch-size: 4", []string{`1:1: unknown key "batch-size", did you mean "topology.batch-size"?`}},
	{"nothing near", "zzz: 1", []string{`1:1: unknown key "zzz"`}},
	{"duplicate", "log:\n  level: info\n  level: warn", []string{`3:3: log.level is there twice, first in line 2`}},
	{"duplicate section", "log: {level: info}\nlog: {level: warn}", []string{`2:1: log is there twice, first in line 1`}},
	{"below the range", "topology:\n  batch-size: 0", []string{`2:15: topology.batch-size is 0, must be a whole number in 1..4096`}},
	{"above the range", "topology: {inbox-batches: 4097}", []string{`1:27: topology.inbox-batches is 4097, must be a whole number in 1..4096`}},
	{"too large for the type", "topology: {batch-size: 99999999999999999999}", []string{`1:24: topology.batch-size is "99999999999999999999", must be a whole number in 1..4096`}},
	{"negative seed", "topology: {seed: -1}", []string{`1:18: topology.seed is -1, must be a whole number that is not negative`}},
	{"quoted number", `topology: {batch-size: "64"}`, []string{`1:24: topology.batch-size is "64", must be a whole number in 1..4096`}},
	{"fraction", "topology: {batch-size: 1.5}", []string{`1:24: topology.batch-size is 1.5, must be a whole number in 1..4096`}},
	{"hexadecimal", "topology: {batch-size: 0x10}", []string{`1:24: topology.batch-size is 0x10, must be a whole number in 1..4096`}},
	{"word for a number", "topology: {batch-size: many}", []string{`1:24: topology.batch-size is "many", must be a whole number in 1..4096`}},
	{"yes for true", "topology: {serialize-every-hop: yes}", []string{`1:33: topology.serialize-every-hop is "yes", must be true or false`}},
	{"duration without unit", "topology:\n  message-timeout: 30", []string{`2:20: topology.message-timeout is 30, must be a duration in 1ms..24h such as 30s`}},
	{"duration out of range", "topology: {message-timeout: 25h}", []string{`1:29: topology.message-timeout is "25h", must be a duration in 1ms..24h such as 30s`}},
	{"not one of the words", "log: {level: inof}", []string{`1:14: log.level is "inof", must be one of debug, info, warn, error, did you mean "info"?`}},
	{"number for a word", "log: {level: 3}", []string{`1:14: log.level is 3, must be one of debug, info, warn, error`}},
	{"list for a number", "topology: {batch-size: [1]}", []string{`1:24: topology.batch-size is a list, must be a whole number in 1..4096`}},
	{"section for a number", "topology:\n  batch-size:\n    a: 1", []string{`3:5: topology.batch-size is a section, must be a whole number in 1..4096`}},
	{"no value", "topology:\n  batch-size:\n", []string{`topology.batch-size has no value, must be a whole number in 1..4096`}},
	{"number for a section", "log: 5", []string{`1:6: log is 5, must be a section`}},
	{"list at the top", "- a", []string{`1:1: the configuration is a list, must be a section`}},
	{"word at the top", "hello", []string{`1:1: the configuration is "hello", must be a section`}},
	{"key that is a list", "log:\n  ? level\n  : info", []string{`log.?: a key must be a name`}},
	{"anchor", "log: &x {level: info}", []string{`1:6: anchors, aliases, merge keys and tags are not supported`}},
	{"anchor on a value", "log: {level: &x info, format: *x}", []string{`1:14: anchors`, `1:31: anchors`}},
	{"merge", "log: {level: info}\ntopology:\n  <<: {seed: 1}", []string{`3:3: anchors, aliases, merge keys`}},
	{"tag", "log: {level: !!str info}", []string{`1:14: anchors, aliases, merge keys and tags are not supported`}},
	{"syntax", "log:\n  level: info\n format: json", []string{`gale.yaml:3:2: is no YAML: `}},
	{"open bracket", "log: {level: info", []string{`is no YAML: `}},
	{"wrong bracket", "log: {level: [info}}", []string{`1:19: is no YAML: "}" closes nothing`}},
	{"bracket too many", "log: {level: info}}", []string{`1:19: is no YAML: `}},
	{"rest after a bracket", "log: {level: info} x", []string{`is no YAML: `}},
	{"rest after quotes", "log: {level: \"info\" x}", []string{`is no YAML: `}},
	{"no colon", "log:\n  level info", []string{`2:3: log is "level info", must be a section`}},
	{"open quotes", "log: {level: \"info", []string{`is no YAML: `}},
	{"tab", "log:\n\tlevel: info", []string{`gale.yaml:2:1: is no YAML: `}},
	{"second document", "log: {level: info}\n---\nlog: {level: warn}", []string{`gale.yaml:3:`}},
	{"not UTF-8", "log:\n  level: \xff", []string{`gale.yaml:2:1: the line is not UTF-8`}},
	{"binary", "log: \x00", []string{`gale.yaml:1:1: the line has a carriage return or a zero byte in it`}},
	{"too many lines", strings.Repeat("# x\n", maxFileLines+1), []string{`gale.yaml:10001:1: the file has more than 10000 lines`}},
	{"too many blank lines", "log: |\n" + strings.Repeat(" \n", 200), []string{`gale.yaml:102:1: there are more than 100 blank lines`}},
	{"too many signs", "a: [" + strings.Repeat("1,", maxTokens) + "]", []string{`the file has more than 50000 words and signs`}},
	{"brackets too deep", strings.Repeat("[", 60), []string{`gale.yaml:1:51: the nesting is too deep`}},
	{"dashes too deep", strings.Repeat("- ", 200), []string{`gale.yaml:1:201: the nesting is too deep`}},
	{"too large", strings.Repeat("#", maxFileBytes+1), []string{`gale.yaml: the file is larger than 1048576 bytes`}},
	{"zero parallelism", "components: {lines: {parallelism: 0}}", []string{`1:35: components.lines.parallelism is 0, must be a whole number in 1..65536`}},
	{"unknown key of a component", "components:\n  lines: {paralelism: 2}", []string{`2:11: unknown key "components.lines.paralelism", did you mean "parallelism"?`}},
	{"unknown component", "components:\n  lnies: {}", []string{`2:3: there is no component "lnies", did you mean "lines"?`}},
	{"settings that are not declared", "components: {lines: {settings: {a: 1}}}", []string{`components.lines.settings: the program declares no settings of this component`}},
	{"settings that are no section", "components: {count: {settings: 3}}", []string{`components.count.settings is 3, must be a section`}},
	{"settings that can't be overlaid", "components: {number: {settings: 3}}", []string{`components.number.settings can't be configured: the program declares a int`}},
	{"unknown setting", "components: {count: {settings: {maxage: 1m}}}", []string{`unknown key "components.count.settings.maxage", did you mean "max-age"?`}},
	{"setting out of range", "components: {count: {settings: {max-age: 2h, limits: [1, 11]}}}", []string{
		`1:42: components.count.settings.max-age is "2h", must be a duration in 1s..1h such as 30s`,
		`1:58: components.count.settings.limits[1] is 11, must be a whole number in 1..10`,
	}},
	{"settings of wrong types", "components: {count: {settings: {by-name: [1], limits: 4, ratio: .nan, endpoint: 5, hook: x, nested: {deep: 256}}}}", []string{
		`settings.by-name is a list, must be a section`, `settings.limits is 4, must be a list`,
		`settings.ratio is .nan, must be a number`, `settings.endpoint is 5, must be text: put it in quotes`,
		`settings.hook can't be configured: it is a func() of the program`, `settings.nested.deep is 256, must be a whole number in 0..9`,
	}},
	{"setting that reads text", "components: {count: {settings: {peer: nowhere}}}", []string{`1:39: components.count.settings.peer is "nowhere": ParseAddr("nowhere"): unable to parse IP`}},
	{"settings out of float and unsigned ranges", "components: {count: {settings: {ratio: 1.5, nested: {deep: 10}}}}", []string{
		`settings.ratio is 1.5, must be a number in 0..1`, `settings.nested.deep is 10, must be a whole number in 0..9`,
	}},
	{"long value", "log: {level: " + strings.Repeat("x", 500) + "}", []string{`log.level is "` + strings.Repeat("x", 80) + `…", must be one of`}},
	{"anchor in a list of any", "components: {loose: {settings: {a: [&x 1]}}}", []string{`1:37: anchors, aliases`}},
	{"several at once", "log:\n  level: loud\n  colour: red\ntopology:\n  seed: x\n  batch-size: 0\n", []string{
		`gale.yaml:2:10: log.level`, `gale.yaml:3:3: unknown key "log.colour"`, `gale.yaml:5:9: topology.seed`, `gale.yaml:6:15: topology.batch-size`,
	}},
}

func TestMistakesInTheFile(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			_, err := Load(Sources{Base: declared(), File: write(t, m.file)})
			requireProblems(t, err, m.want)
		})
	}
}

func requireProblems(t *testing.T, err error, want []string) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Problems, len(want), "%v", err)
	for i, p := range e.Problems {
		require.Contains(t, p.Place+": "+p.Text, want[i])
	}
}

func TestMistakesOutsideTheFile(t *testing.T) {
	for _, m := range []struct {
		name, env, flag, want string
	}{
		{"unknown variable", "GALE_TOPOLOGY_BATCHSIZE=1", "", `environment GALE_TOPOLOGY_BATCHSIZE: unknown variable "GALE_TOPOLOGY_BATCHSIZE", did you mean "GALE_TOPOLOGY_BATCH_SIZE"?`},
		{"unknown section", "GALE_TOPOLGY_SEED=1", "", `did you mean "GALE_TOPOLOGY_SEED"?`},
		{"variable without its section", "GALE_BATCH_SIZE=1", "", `did you mean "GALE_TOPOLOGY_BATCH_SIZE"?`},
		{"nothing near", "GALE_TOPOLOGY_FOO=1", "", `unknown variable "GALE_TOPOLOGY_FOO"`},
		{"empty variable", "GALE_TOPOLOGY_SEED=", "", `environment GALE_TOPOLOGY_SEED: topology.seed is "", must be a whole number that is not negative`},
		{"out of range", "GALE_TOPOLOGY_BATCH_SIZE=0", "", `environment GALE_TOPOLOGY_BATCH_SIZE: topology.batch-size is "0", must be a whole number in 1..4096`},
		{"undeclared component", "GALE_COMPONENTS_CUONT_PARALLELISM=3", "", `did you mean "GALE_COMPONENTS_COUNT_PARALLELISM"?`},
		{"no list", "GALE_COMPONENTS_COUNT_SETTINGS_LIMITS=3", "", `components.count.settings.limits is 3, must be a list`},
		{"empty list", "GALE_COMPONENTS_COUNT_SETTINGS_LIMITS=", "", `components.count.settings.limits has no value, must be a list`},
		{"list that is no YAML", "GALE_COMPONENTS_COUNT_SETTINGS_LIMITS=[", "", `components.count.settings.limits is no YAML: `},
		{"no pair", "", "topology.seed", `flag: "topology.seed" must have the form key=value`},
		{"unknown flag", "", "topology.batchsize=1", `flag: unknown key "topology.batchsize", did you mean "topology.batch-size"?`},
		{"a section", "", "topology=1", `flag: unknown key "topology", which is a section: name one of its keys, such as "topology.batch-size"`},
		{"flag out of range", "", "log.format=xml", `flag: log.format is "xml", must be one of console, json`},
		{"flag of a wrong type", "", "topology.serialize-every-hop=1", `flag: topology.serialize-every-hop is "1", must be true or false`},
	} {
		t.Run(m.name, func(t *testing.T) {
			s := Sources{Base: declared(), Env: []string{m.env}}
			if m.flag != "" {
				s.Flags = []string{m.flag}
			}
			_, err := Load(s)
			requireProblems(t, err, []string{m.want})
			hinted := strings.Contains(m.want, "did you mean")
			require.Equal(t, hinted, strings.Contains(err.Error(), "did you mean"), err)
		})
	}
}

func TestVariableOfTwoKeys(t *testing.T) {
	base := Default()
	base.Components = map[string]Component{"a-b": {}, "a_b": {}}
	_, err := Load(Sources{Base: &base, Env: []string{"GALE_COMPONENTS_A_B_PARALLELISM=2"}})
	requireProblems(t, err, []string{"it could be components.a-b.parallelism or components.a_b.parallelism"})
}

func TestAllSourcesAreReportedAtOnce(t *testing.T) {
	base := Default()
	base.Log.Level = "loud"
	_, err := Load(Sources{
		Base: &base, File: write(t, "log: {form: x}"),
		Env: []string{"GALE_X=1"}, Flags: []string{"y=2"},
	})
	requireProblems(t, err, []string{
		"program: log.level is loud, must be one of", `gale.yaml:1:7: unknown key "log.form"`, "environment GALE_X:", `flag: unknown key "y"`,
	})
	require.True(t, strings.HasPrefix(err.Error(), "configuration: 4 problems\n  program: log.level"), err)
}

func TestManyMistakesAreCounted(t *testing.T) {
	_, err := Load(Sources{File: write(t, strings.Repeat("x: 1\n", 5000))})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Problems, maxProblems)
	require.Equal(t, 5000-maxProblems, e.More)
	require.Contains(t, err.Error(), "and 4950 more")
}

func TestFileThatCannotBeRead(t *testing.T) {
	_, err := Load(Sources{File: filepath.Join(t.TempDir(), "none.yaml")})
	require.True(t, errors.Is(err, fs.ErrNotExist))
	require.Contains(t, err.Error(), "none.yaml: no such file or directory")
	_, err = Load(Sources{File: t.TempDir()})
	require.ErrorContains(t, err, "is a directory")
}

func TestWindowsLineEnds(t *testing.T) {
	c, err := Load(Sources{File: write(t, "log:\r\n  level: warn\r\n  format: json\r\n")})
	require.NoError(t, err)
	require.Equal(t, Log{Level: "warn", Format: "json"}, c.Log)
}

// TestWrittenConfigurationLoadsAgain: any valid configuration, marshalled, is read as itself,
// and said by flags it is the same.
func TestWrittenConfigurationLoadsAgain(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		c := anyConfig(r)
		text, err := yaml.Marshal(c)
		require.NoError(r, err)
		name := filepath.Join(dir, "gale.yaml")
		require.NoError(r, os.WriteFile(name, text, 0o600))
		fromFile, err := Load(Sources{File: name})
		require.NoError(r, err, "%s", text)
		require.Equal(r, c, fromFile)

		base := Default()
		base.Components = map[string]Component{}
		for id := range c.Components {
			base.Components[id] = Component{}
		}
		fromFlags, err := Load(Sources{Base: &base, Flags: flagsOf(c)})
		require.NoError(r, err)
		if len(c.Components) == 0 {
			fromFlags.Components = c.Components
		}
		require.Equal(r, c, fromFlags)
	})
}

func flagsOf(c Config) []string {
	var flags []string
	for _, k := range c.Keys() {
		if k.Value != "" {
			flags = append(flags, k.Name+"="+k.Value)
		}
	}
	return flags
}

func anyConfig(r *rapid.T) Config {
	within := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(r, name) }
	c := Config{
		Topology: Topology{
			MessageTimeout:    time.Duration(within("timeout", int(time.Millisecond), int(24*time.Hour))),
			TimeoutMode:       rapid.SampledFrom([]string{SinceEmit, SinceProgress}).Draw(r, "mode"),
			MaxSpoutPending:   within("pending", 1, 1<<20),
			InboxBatches:      within("inbox", 1, 4096),
			BatchSize:         within("batch", 1, 4096),
			StopTimeout:       time.Duration(within("stop", 0, int(time.Hour))),
			StuckAfter:        time.Duration(within("stuck", 0, int(24*time.Hour))),
			SerializeEveryHop: rapid.Bool().Draw(r, "serialize"),
			Seed:              rapid.Uint64().Draw(r, "seed"),
			Workers:           rapid.IntRange(1, 1024).Draw(r, "workers"),
		},
		Log: Log{
			Level:  rapid.SampledFrom([]string{"debug", "info", "warn", "error"}).Draw(r, "level"),
			Format: rapid.SampledFrom([]string{"console", "json"}).Draw(r, "format"),
		},
	}
	for _, id := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,9}`), 0, 3, rapid.ID).Draw(r, "ids") {
		if c.Components == nil {
			c.Components = map[string]Component{}
		}
		c.Components[id] = Component{Parallelism: within("parallelism", 1, 65536), MaxSpoutPending: within("max", 0, 1<<20)}
	}
	return c
}
