package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Key describes one key of a configuration.
type Key struct {
	Name    string // dotted, as flags have it; the file nests it
	Env     string // its environment variable
	Value   string // what it is in the Config that was asked; empty when it is unset
	Expects string // what its values must be, to follow "must be": "a whole number in 1..4096"
	Doc     string
}

// Keys returns the keys of c in the order of the struct, with the values that they have
// there: the defaults in that of [Default]. If c has no components then
// there is one called <id>, to show their keys.
func (c Config) Keys() []Key {
	if len(c.Components) == 0 {
		c.Components = map[string]Component{"<id>": {}}
	}
	var keys []Key
	each(reflect.ValueOf(&c).Elem(), field{typ: configType}, "", func(l leaf) {
		keys = append(keys, Key{
			Name: l.key, Env: EnvName(l.key), Value: l.show(), Expects: l.field.expects(), Doc: l.field.doc,
		})
	})
	return keys
}

func (l leaf) show() string {
	if l.field.fallback == "" && l.value.IsZero() {
		return ""
	}
	return fmt.Sprint(l.value.Interface())
}

// Describe writes the keys of c for people to read, each with what it must be, its value,
// its environment variable and its doc. It returns the error of w.
func (c Config) Describe(w io.Writer) error {
	var b strings.Builder
	for _, k := range c.Keys() {
		value := ""
		if k.Value != "" {
			value = " (" + k.Value + ")"
		}
		fmt.Fprintf(&b, "%s%s\n    %s\n    Must be %s. %s\n", k.Name, value, k.Doc, k.Expects, k.Env)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
