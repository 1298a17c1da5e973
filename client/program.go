package client

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
)

// Program is a built program and how it is started.
type Program struct {
	Path   string            // of the binary
	Args   []string          // after the program's name; Gale's own flags (-gale.KEY=VALUE) may be among them
	Env    map[string]string // beyond what supervisors give every worker
	Config string            // the text of the YAML file that configures it; empty for none
}

const (
	describeTimeout = time.Minute
	killDelay       = 2 * time.Second // between asking a process to end and killing it
	maxDefinition   = 8 << 20         // bytes
	configFile      = "GALE_CONFIG"   // by which programs find their configuration
)

// DefinitionOf runs the program on this machine, in describe mode, and returns the topology that it defines. It is given the arguments, the
// variables and the configuration that its workers will get; of this process' own environment it sees all but
// variables that begin with GALE_. A program that can't say what it is within a minute is killed.
//
// What is wrong with the program is [cluster.Invalid], with what it has printed.
func DefinitionOf(ctx context.Context, p Program) (cluster.Definition, error) {
	if err := checkPlatform(p.Path); err != nil {
		return cluster.Definition{}, err
	}
	dir, err := os.MkdirTemp("", "gale-describe-")
	if err != nil {
		return cluster.Definition{}, fmt.Errorf("a folder for the definition: %w", err)
	}
	d, err := p.describe(ctx, dir)
	return d, errors.Join(err, os.RemoveAll(dir))
}

// checkPlatform says plainly what the kernel would say obscurely. What is not a Go program passes here.
func checkPlatform(path string) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil //nolint:nilerr // running it will tell
	}
	target := map[string]string{"GOOS": runtime.GOOS, "GOARCH": runtime.GOARCH}
	for _, s := range info.Settings {
		if _, ok := target[s.Key]; ok {
			target[s.Key] = s.Value
		}
	}
	if target["GOOS"] == runtime.GOOS && target["GOARCH"] == runtime.GOARCH {
		return nil
	}
	return cluster.Errorf(cluster.Invalid, "%s is a program for %s/%s, this machine is %s/%s", path, target["GOOS"], target["GOARCH"], runtime.GOOS, runtime.GOARCH).
		WithHint("submit the folder of its package main: it is built for this machine, to be asked for its topology, and for the supervisors; or submit this program from a machine that can run it")
}

func (p Program) describe(ctx context.Context, dir string) (cluster.Definition, error) {
	file := filepath.Join(dir, "definition.json")
	env, err := p.environment(dir, file)
	if err != nil {
		return cluster.Definition{}, err
	}
	if err := p.run(ctx, env); err != nil {
		return cluster.Definition{}, err
	}
	return readDefinition(p.Path, file)
}

func (p Program) environment(dir, file string) ([]string, error) {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GALE_") })
	for _, k := range slices.Sorted(maps.Keys(p.Env)) {
		env = append(env, k+"="+p.Env[k])
	}
	if p.Config != "" {
		config := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(config, []byte(p.Config), 0o600); err != nil {
			return nil, fmt.Errorf("the configuration: %w", err)
		}
		env = append(env, configFile+"="+config)
	}
	return append(env, cluster.DescribeVariable+"="+file), nil
}

func (p Program) run(ctx context.Context, env []string) error {
	limited, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	path, err := filepath.Abs(p.Path) // a bare name would be looked for in PATH
	if err != nil {
		return err
	}
	printed := &tail{}
	cmd := exec.CommandContext(limited, path, p.Args...)
	cmd.Env, cmd.Stderr, cmd.WaitDelay = env, printed, killDelay
	err = cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return cluster.Errorf(cluster.Invalid, "%s has not described its topology within %v", p.Path, describeTimeout).WithHint("its main function must call gale.Main before it does anything that takes long")
	}
	return &cluster.Error{Code: cluster.Invalid, Message: fmt.Sprintf("%s can't describe its topology (%v)", p.Path, err), Problems: printed.lines()}
}

func readDefinition(program, file string) (d cluster.Definition, err error) {
	f, err := os.Open(file)
	if err != nil {
		return d, cluster.Errorf(cluster.Invalid, "%s has ended without describing a topology", program).WithHint("its main function must call gale.Main")
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxDefinition)).Decode(&d); err != nil {
		return d, cluster.Errorf(cluster.Invalid, "what %s says of its topology can't be read: %v", program, err).WithHint("build it with this version of Gale")
	}
	return d, nil
}

// digest returns the SHA-256 of a file, and its size.
func digest(path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, cluster.Errorf(cluster.Invalid, "the program can't be read: %v", err)
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return "", 0, fmt.Errorf("reading the program: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
