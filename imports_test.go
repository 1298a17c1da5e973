package gale_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/galestream/gale"

// ours is which packages of this module each package imports, at most. Every package is in it: a new
// one is entered here first, with the direction of its imports thought over.
var ours = map[string][]string{
	".":                             {"cluster", "config", "console", "topology", "worker", "worker/process"},
	"acker":                         {},
	"auth":                          {"cluster"},
	"bench":                         {".", "client", "cluster", "connector/jetstream", "natsd", "nimbus", "supervisor", "topology", "transport/wire", "trident", "trident/changelog", "trident/jetstream", "trident/state", "worker", "worker/process"},
	"chaos":                         {},
	"cli":                           {"auth", "client", "cluster", "config", "console", "natsd", "nimbus", "supervisor", "topology", "worker"},
	"client":                        {"cluster", "trident/changelog", "trident/offline", "worker"},
	"cluster":                       {"topology", "worker"},
	"cmd/gale":                      {"cli"},
	"config":                        {},
	"connector/jetstream":           {"topology"},
	"console":                       {"topology", "worker"},
	"deploy":                        {},
	"examples/accesslog":            {".", "source", "topology"},
	"examples/hostwatch":            {".", "topology"},
	"examples/relay":                {".", "connector/jetstream", "topology"},
	"examples/wordcount":            {".", "source", "topology"},
	"examples/trident/balances":     {".", "connector/jetstream", "topology", "trident", "trident/jetstream", "trident/postgres"},
	"examples/trident/reach":        {".", "topology", "trident"},
	"examples/trident/wordcount":    {".", "source", "topology", "trident"},
	"internal/faultproxy":           {},
	"internal/leak":                 {},
	"internal/rig":                  {"auth", "client", "cluster", "internal/faultproxy", "natsd"},
	"natsd":                         {"auth", "cluster"},
	"nimbus":                        {"auth", "cluster", "nimbus/schedule", "topology", "worker"},
	"nimbus/schedule":               {},
	"security":                      {},
	"source":                        {"topology"},
	"supervisor":                    {"cluster"},
	"topology":                      {},
	"topology/topologytest":         {"topology", "worker"},
	"transport":                     {},
	"transport/wire":                {"topology"},
	"trident":                       {"topology", "trident/changelog", "trident/codec", "trident/commit", "trident/state"},
	"trident/changelog":             {},
	"trident/codec":                 {},
	"trident/commit":                {},
	"trident/jetstream":             {"connector/jetstream", "topology", "trident", "trident/codec"},
	"trident/offline":               {"trident/changelog", "trident/codec", "trident/commit", "trident/state"},
	"trident/postgres":              {"topology", "trident", "trident/codec"},
	"trident/postgres/postgrestest": {},
	"trident/state":                 {"trident/changelog"},
	"trident/webhook":               {"topology", "trident", "trident/codec"},
	"worker":                        {"acker", "topology", "transport/wire"},
	"worker/process":                {"cluster", "config", "topology", "transport", "worker"},
}

// homes are the packages that import a third-party module, at most; tests are free.
var homes = map[string][]string{
	"github.com/HdrHistogram/hdrhistogram-go": {"bench", "worker"},
	"github.com/cespare/xxhash/v2":            {"bench", "examples/hostwatch", "topology", "trident/changelog", "trident/state"},
	"github.com/goccy/go-yaml":                {"config"},
	"github.com/jackc/pgx/v5":                 {"examples/trident/balances", "trident/postgres"},
	"go.uber.org/goleak":                      {"internal/leak"},
	"github.com/nats-io/jwt/v2":               {"auth", "natsd"},
	"github.com/nats-io/nats-server/v2":       {"natsd"},
	"github.com/nats-io/nats.go":              {"bench", "client", "cluster", "connector/jetstream", "internal/rig", "natsd", "nimbus", "supervisor", "transport", "trident/changelog", "trident/jetstream", "worker/process"},
	"github.com/nats-io/nkeys":                {"auth", "natsd"},
	"github.com/nats-io/nuid":                 {"cluster", "nimbus", "supervisor"},
	"github.com/shirou/gopsutil/v4":           {"examples/hostwatch", "supervisor"},
	"github.com/urfave/cli/v2":                {"cli"},
	"github.com/vmihailenco/msgpack/v5":       {"transport/wire", "trident/codec"},
	"github.com/xrash/smetrics":               {"bench", "config", "topology"},
	"go.etcd.io/bbolt":                        {"trident/changelog", "trident/state"},
	"go.uber.org/zap":                         {".", "bench", "cli", "cluster", "connector/jetstream", "natsd", "nimbus", "supervisor", "topology", "transport", "trident", "trident/changelog", "trident/jetstream", "worker", "worker/process"},
	"golang.org/x/sys":                        {"bench", "supervisor", "worker/process"},
	"golang.org/x/term":                       {"cli", "console"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		name := relative(p.ImportPath)
		allowed, known := ours[name]
		require.True(t, known, "package %s is not in the table of imports", name)
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) {
				require.Contains(t, allowed, relative(imported), "package %s must not import %s", name, imported)
			}
		}
	}
}

func TestThirdPartyModulesHaveAHome(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(imported, module) {
				continue
			}
			i := slices.IndexFunc(keys(homes), func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
			require.GreaterOrEqual(t, i, 0, "%s imports %s, which has no home", p.ImportPath, imported)
			require.Contains(t, homes[keys(homes)[i]], relative(p.ImportPath), "%s is imported outside its home", imported)
		}
	}
}

func keys(m map[string][]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func relative(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

func packages(t *testing.T) (all []listed) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}
