package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func submitVerb() *verb {
	return &verb{
		name: "submit", category: topologyVerbs, usage: "runs a topology on the cluster", args: "PATH [-- ARGS...]", passes: true, run: runSubmit,
		example: "gale submit ./examples/wordcount --workers 2 -- -top 10 /usr/share/dict/words",
		about: "PATH is the folder of a package main, a .go file of one (both are built with the local Go, for the\nsupervisors' platform, too, where that is not this machine's), or a built program that this machine can\n" +
			"run. Its name is the one that the program gives its topology. ARGS are for the program, on every worker:\npaths among them are best absolute. Waits until every task runs.",
		flags: append(submissionFlags(),
			&cli.BoolFlag{Name: "inactive", Usage: "spouts don't emit until 'gale activate'"},
			&cli.BoolFlag{Name: "replace", Usage: "swap the program of the running topology of that name"},
			&cli.BoolFlag{Name: "dry-run", Usage: "check it, and show where it would run"},
			detachFlag(), timeoutFlag(runTimeout)),
	}
}

// submissionFlags are those of submit and dev.
func submissionFlags() []cli.Flag {
	return append(shapeFlags(),
		&cli.StringFlag{Name: "config", Usage: "YAML file that configures the topology `FILE`", EnvVars: []string{"GALE_CONFIG"}},
		&cli.StringSliceFlag{Name: "set", Usage: "one key of the configuration; may be given several times `KEY=VALUE`"},
		&cli.StringSliceFlag{Name: "env", Aliases: []string{"e"}, Usage: "an environment variable of the workers, or KEY for its value here; may be given several times `KEY=VALUE`"},
	)
}

// submission reads what the command line says of the topology. Its program is still to be built from path.
func (i *invocation) submission() (s client.Submission, err error) {
	if s.Workers, s.Parallelism, err = i.shape(); err != nil {
		return s, err
	}
	if s.Program.Env, err = variables(i.StringSlice("env")); err != nil {
		return s, err
	}
	if err := checkVariables(s.Program.Env, i.String("config") != ""); err != nil {
		return s, err
	}
	settings := i.StringSlice("set")
	if _, err := pairs("set", settings); err != nil {
		return s, err
	}
	for _, kv := range settings {
		s.Program.Args = append(s.Program.Args, "-gale."+kv)
	}
	s.Program.Args = append(s.Program.Args, i.passed...)
	if file := i.String("config"); file != "" {
		s.Program.Config, err = readConfiguration(file)
	}
	return s, err
}

func readConfiguration(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", cluster.Errorf(cluster.Invalid, "the configuration can't be read: %v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, cluster.MaxConfigBytes+1)) // the validator refuses what is longer
	if err != nil {
		return "", cluster.Errorf(cluster.Invalid, "the configuration can't be read: %v", err)
	}
	return string(text), nil
}

func runSubmit(i *invocation) error {
	s, err := i.submission()
	if err != nil {
		return err
	}
	s.Inactive, s.Replace, s.DryRun = i.Bool("inactive"), i.Bool("replace"), i.Bool("dry-run")
	return i.withClient(func(c *client.Client) error {
		r, err := i.submit(c, i.Args().First(), s)
		if err != nil {
			return err
		}
		if !s.DryRun && !i.Bool("detach") {
			if _, err := i.waitRunning(c, r.Name, r.Generation, i.Duration("timeout")); err != nil {
				return i.tellGoingOn(err, "topology %q stays submitted; to remove it: gale kill %s", r.Name, r.Name)
			}
		}
		r.Placement = list(r.Placement)
		return i.show(r, func(w io.Writer) error { return i.writeSubmitted(w, r) })
	})
}

// submit builds and submits, and tells what takes long.
func (i *invocation) submit(c *client.Client, path string, s client.Submission) (r cluster.SubmitResponse, err error) {
	w := i.waiting()
	defer w.over()
	err = i.built(path, &s, w, func() error {
		r, err = c.Submit(i.ctx, s)
		return err
	})
	return r, err
}

// built runs f with the submission of the program that path stands for.
func (i *invocation) built(path string, s *client.Submission, w *waiting, f func() error) (err error) {
	w.tell("preparing %s", path)
	b, err := client.Build(i.ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, b.Remove()) }()
	w.tell("checking the topology")
	s.Program.Path = b.Path
	d, err := client.DefinitionOf(i.ctx, s.Program)
	if err != nil {
		return err
	}
	s.Definition = &d
	s.Cross = crossing(b, w)
	s.Progress = func(sent, total int64) { w.tellPart(fmt.Sprintf("uploading %s", size(total)), sent, total) }
	return f()
}

// crossing builds for the supervisors' platform where that is another, and tells so.
func crossing(b client.Binary, w *waiting) func(context.Context, string, string) (string, error) {
	if b.Cross == nil {
		return nil
	}
	return func(ctx context.Context, goos, goarch string) (string, error) {
		w.tell("building it for %s/%s, which the supervisors are", goos, goarch)
		return b.Cross(ctx, goos, goarch)
	}
}

func (i *invocation) writeSubmitted(w io.Writer, r cluster.SubmitResponse) error {
	verb := "runs"
	switch {
	case i.Bool("dry-run"):
		verb = "would run"
	case i.Bool("detach"):
		verb = "was submitted"
	}
	if _, err := fmt.Fprintf(w, "%s %s, generation %d:\n", r.Name, verb, r.Generation); err != nil {
		return err
	}
	return placementTable(r.Placement).write(w)
}
