package config

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

const hunter = "hunter2"

type login struct {
	User  string
	Token Secret
	inner Secret // where fmt can't call its methods
}

// printed is everything that the usual ways of showing a value make of s and of what holds it.
func printed(t *testing.T, s Secret) map[string]string {
	out := map[string]string{}
	holder := login{"me", s, s}
	for _, v := range []any{s, &s, holder, &holder, []Secret{s}, map[string]Secret{"k": s}, []any{holder}, Component{Settings: holder}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%10v", "%T", "%w"} {
			out[fmt.Sprintf("%T %s", v, verb)] = fmt.Sprintf(verb, v)
		}
		out[fmt.Sprintf("%T JSON", v)] = marshalled(t, json.Marshal, v)
		out[fmt.Sprintf("%T YAML", v)] = marshalled(t, yaml.Marshal, v)
		out[fmt.Sprintf("%T zap", v)] = zapped(v)
		out[fmt.Sprintf("%T slog", v)] = slogged(v)
	}
	out["XML"] = marshalled(t, xml.Marshal, holder)
	out["error"] = fmt.Errorf("%v: %w", s, fmt.Errorf("with %s", s)).Error()
	return out
}

func marshalled(t *testing.T, marshal func(any) ([]byte, error), v any) string {
	text, err := marshal(v)
	require.NoError(t, err)
	return string(text)
}

func zapped(v any) string {
	var b bytes.Buffer
	for _, e := range []zapcore.Encoder{
		zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()),
	} {
		l := zap.New(zapcore.NewCore(e, zapcore.AddSync(&b), zap.DebugLevel))
		l.Info("any", zap.Any("v", v), zap.Reflect("r", v))
		l.Sugar().Infow("sugar", "v", v)
		l.Sugar().Infof("%+v", v)
	}
	core, seen := observer.New(zap.DebugLevel)
	zap.New(core).Info("seen", zap.Any("v", v))
	return b.String() + fmt.Sprintf("%+v", seen.All()[0].ContextMap())
}

func slogged(v any) string {
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", v)
	return b.String()
}

func TestSecretNeverPrints(t *testing.T) {
	hexes := []string{hunter, "68756e74657232", strings.ToUpper("68756e74657232"), "104 117 110"}
	for how, text := range printed(t, NewSecret(hunter)) {
		for _, leak := range hexes {
			require.NotContains(t, text, leak, how)
		}
	}
}

func TestSecretPrintsThatItIsSet(t *testing.T) {
	for _, c := range []struct {
		secret Secret
		want   string
	}{{NewSecret(hunter), "[secret]"}, {Secret{}, ""}, {NewSecret(""), ""}} {
		require.Equal(t, c.want, c.secret.String())
		require.Equal(t, c.want, c.secret.GoString())
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			require.Equal(t, c.want, fmt.Sprintf(verb, c.secret), verb)
		}
		require.Equal(t, fmt.Sprintf("%q", c.want), marshalled(t, json.Marshal, c.secret))
		var read string
		require.NoError(t, yaml.Unmarshal([]byte(marshalled(t, yaml.Marshal, c.secret)), &read))
		require.Equal(t, c.want, read)
		require.Contains(t, zapped(c.secret), fmt.Sprintf("{\"v\":%q", c.want)[1:])
		require.Equal(t, c.want == "", c.secret.IsZero())
	}
	require.Equal(t, hunter, NewSecret(hunter).Reveal())
	require.Empty(t, Secret{}.Reveal())
}

func TestSecretIsReadFromText(t *testing.T) {
	var l login
	require.NoError(t, json.Unmarshal([]byte(`{"Token": "hunter2"}`), &l))
	require.Equal(t, hunter, l.Token.Reveal())
	require.ErrorContains(t, json.Unmarshal([]byte(`{"Token": "[secret]"}`), &l), "placeholder")
}

// TestMistakesDoNotShowSecrets: the value of a secret key that is wrong is left out, and so are the
// lines of a file around a syntax error.
func TestMistakesDoNotShowSecrets(t *testing.T) {
	const number = "123456789"
	file := func(token string) Sources {
		return Sources{Base: declared(), File: write(t, "components: {count: {settings: {token: "+token+"}}}")}
	}
	for name, c := range map[string]struct {
		sources Sources
		want    string
	}{
		"number":      {file(number), "components.count.settings.token must be text: put it in quotes"},
		"list":        {file("[" + number + "]"), "components.count.settings.token is a list, must be text"},
		"placeholder": {file(`"[secret]"`), "components.count.settings.token can't be used: it is a placeholder"},
		"syntax":      {file(`"` + number), "is no YAML"},
		"flag": {
			Sources{Base: declared(), Flags: []string{"components.count.settings.tokn=" + number}},
			`unknown key "components.count.settings.tokn", did you mean "components.count.settings.token"?`,
		},
	} {
		_, err := Load(c.sources)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), number, name)
	}
}
