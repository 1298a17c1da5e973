package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEveryKeyIsDocumented: each key, and each section, has a doc of at least a sentence, and a
// default where zero isn't taken for unset.
func TestEveryKeyIsDocumented(t *testing.T) {
	var visit func(typ reflect.Type)
	visit = func(typ reflect.Type) {
		for _, f := range fieldsOf(typ) {
			require.Regexp(t, `^[A-Z].+\.$`, f.doc, "%v %s", typ, f.key)
			switch {
			case f.isScalar():
				require.True(t, f.fallback != "" || typ == componentType, "%v %s has no default", typ, f.key)
			case f.isMap() && f.typ.Elem().Kind() == reflect.Struct:
				visit(f.typ.Elem())
			case f.isMap():
			case f.typ != settingsType:
				visit(f.typ)
			}
		}
	}
	visit(configType)
}

func TestDescribe(t *testing.T) {
	var b strings.Builder
	require.NoError(t, Default().Describe(&b))
	for _, want := range []string{
		"topology.batch-size (256)\n    How many tuples a full batch has.",
		"Must be a whole number in 1..4096. GALE_TOPOLOGY_BATCH_SIZE\n",
		"topology.message-timeout (30s)\n", "Must be a duration in 1ms..24h such as 30s. GALE_TOPOLOGY_MESSAGE_TIMEOUT",
		"components.<id>.parallelism\n", "components.<id>.settings\n", "log.format (console)\n", "Must be one of console, json.",
	} {
		require.Contains(t, b.String(), want)
	}
}

func TestDescribeShowsDeclaredSettingsButNoSecret(t *testing.T) {
	c := declared()
	c.Components["count"] = Component{Parallelism: 4, Settings: countSettings{Token: NewSecret(hunter), MaxAge: time.Minute}}
	keys := map[string]Key{}
	for _, k := range c.Keys() {
		keys[k.Name] = k
	}
	require.Equal(t, "[secret]", keys["components.count.settings.token"].Value)
	require.Equal(t, Key{
		Name: "components.count.settings.max-age", Env: "GALE_COMPONENTS_COUNT_SETTINGS_MAX_AGE",
		Value: "1m0s", Expects: "a duration in 1s..1h such as 30s",
	}, keys["components.count.settings.max-age"])
	require.Equal(t, "4", keys["components.count.parallelism"].Value)
	require.Empty(t, keys["components.lines.parallelism"].Value)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestDescribeReturnsTheWritersError(t *testing.T) {
	require.ErrorContains(t, Default().Describe(brokenWriter{}), "broken")
}

func TestValidateListsEveryValueOutOfRange(t *testing.T) {
	requireProblems(t, Config{}.Validate(), []string{
		"topology.message-timeout is 0s, must be a duration in 1ms..24h", "topology.timeout-mode is , must be one of",
		"topology.max-spout-pending is 0,", "topology.inbox-batches is 0,", "topology.batch-size is 0,", "topology.workers is 0,",
		"log.level is ,", "log.format is ,",
	})
	c := Default()
	c.Components = map[string]Component{"b": {Parallelism: -1}, "a": {Settings: countSettings{Limits: []int{1, 11}}}}
	requireProblems(t, c.Validate(), []string{
		"components.a.settings.limits is [1 11], must be a list", "components.b.parallelism is -1, must be a whole number in 1..65536",
	})
}

func TestKeysOfFieldNames(t *testing.T) {
	for name, want := range map[string]string{
		"MaxAge": "max-age", "URL": "url", "HTTPPort": "http-port", "A": "a", "UserID": "user-id", "Ratio2": "ratio2",
	} {
		require.Equal(t, want, hyphenated(name))
	}
}

func TestWrongTagsPanic(t *testing.T) {
	require.PanicsWithValue(t, `config: field N of config.bad: the range "5..1" is not one of a int`, func() {
		fieldsOf(reflect.TypeFor[bad]())
	})
	require.PanicsWithValue(t, `config: field S of config.worse: the range "1..2" is not one of a struct {}`, func() {
		fieldsOf(reflect.TypeFor[worse]())
	})
}

type bad struct {
	N int `range:"5..1"`
}

type worse struct {
	S struct{} `range:"1..2"`
}
