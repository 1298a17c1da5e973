package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
)

const envPrefix = "GALE_"

// FileVariable is the environment variable that names the configuration file.
const FileVariable = envPrefix + "CONFIG"

// Sources are what a configuration is made of, later ones before earlier ones.
type Sources struct {
	// Base is what the others overlay; nil for Default. Where its Components are not nil
	// they are all that the program declares, so that others are mistakes. It is not changed.
	Base *Config
	// File is the YAML file, of at most 1 MiB. If empty it is the one that GALE_CONFIG names in Env,
	// if any. A file that is named must be there.
	File string
	// Env is the environment in the form of os.Environ. Variables that begin with GALE_ are keys
	// in upper case with _ for - and the dots, or else mistakes. An empty value is a value.
	Env []string
	// OtherEnv names the GALE_ variables that the program reads by itself.
	OtherEnv []string
	// Flags are key=value pairs such as topology.batch-size=64. The last one of a key counts.
	Flags []string
}

// Load returns the configuration that the sources make, or an [*Error] that lists all
// mistakes. Lists and maps are given in environment and flags as in YAML: [a, b].
// Components that Base doesn't declare have keys there only if the file has them.
func Load(s Sources) (Config, error) {
	l := &loader{config: Default()}
	if s.Base != nil {
		l.config = *s.Base
		l.closed = s.Base.Components != nil
		l.config.check("program", &l.problems)
	}
	env := variables(s.Env)
	l.file(s.File, env)
	l.environment(env, s.OtherEnv)
	l.flags(s.Flags)
	if err := l.problems.err(); err != nil {
		return Config{}, err
	}
	return l.config, nil
}

type loader struct {
	config   Config
	closed   bool
	problems problems
}

func (l *loader) decoder(place func(line, column int) string) *decoder {
	return &decoder{problems: &l.problems, place: place, known: l.config.keys(), closed: l.closed}
}

func (l *loader) file(name string, env map[string]string) {
	if name == "" {
		name = env[FileVariable]
	}
	if name == "" {
		return
	}
	text, err := readFile(name)
	if err != nil {
		l.problems.add(name, "%v", withoutName(err))
		l.problems.cause = err
		return
	}
	l.document(name, text)
}

// withoutName leaves out the path that the problem's place has already.
func withoutName(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (l *loader) document(name string, text []byte) {
	place := func(line, column int) string { return fmt.Sprintf("%s:%d:%d", name, line, column) }
	n, err := parseYAML(text)
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		l.problems.add(place(syntax.line, syntax.column), "%s", syntax.text)
		return
	}
	if n != nil {
		l.decoder(place).decode(n, reflect.ValueOf(&l.config).Elem(), field{typ: configType}, "")
	}
}

// variables returns the GALE_ variables of an environment.
func variables(env []string) map[string]string {
	vars := map[string]string{}
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	return vars
}

// EnvName returns the environment variable of a key: GALE_LOG_LEVEL for log.level.
func EnvName(key string) string { return envPrefix + envSpelling(key) }

func envSpelling(key string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

func (l *loader) environment(vars map[string]string, others []string) {
	used := map[string]string{FileVariable: ""}
	for _, name := range others {
		used[name] = ""
	}
	l.override(func(leaf leaf) {
		name := EnvName(leaf.key)
		text, given := vars[name]
		if !given {
			return
		}
		place := "environment " + name
		if earlier := used[name]; earlier != "" {
			l.problems.add(place, "it could be %s or %s: set them in the file or by flag", earlier, leaf.key)
			return
		}
		used[name] = leaf.key
		l.decoder(always(place)).decodeText(leaf, text)
	})
	l.unknown(vars, used, func(name string) string { return "environment " + name }, "unknown variable", EnvName)
}

func (l *loader) flags(flags []string) {
	values, used := map[string]string{}, map[string]string{}
	for _, f := range flags {
		key, value, ok := strings.Cut(f, "=")
		if !ok {
			l.problems.add("flag", "%q must have the form key=value", cut(f))
			continue
		}
		values[key] = value
	}
	l.override(func(leaf leaf) {
		if text, given := values[leaf.key]; given {
			used[leaf.key] = leaf.key
			l.decoder(always("flag")).decodeText(leaf, text)
		}
	})
	l.unknown(values, used, func(string) string { return "flag" }, "unknown key", spellKey)
}

func (l *loader) override(visit func(leaf)) {
	each(reflect.ValueOf(&l.config).Elem(), field{typ: configType}, "", visit)
}

func (l *loader) unknown(given, used map[string]string, place func(string) string, what string, spell func(string) string) {
	known := l.config.keys()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := used[name]; ok {
			continue
		}
		l.problems.add(place(name), "%s %q%s", what, cut(name), didYouMeanKey(name, known, spell))
	}
}

// spellKey returns a key as the file and flags have it.
func spellKey(key string) string { return key }

func always(place string) func(line, column int) string {
	return func(int, int) string { return place }
}
