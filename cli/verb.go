package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

// verb is one of gale's.
type verb struct {
	name     string
	category string
	usage    string // in a few words
	args     string // as in "NAME"; those in brackets may be left out
	about    string // what must be known of it
	example  string
	flags    []cli.Flag
	local    bool // it needs no cluster: no flags for that
	silent   bool // it has no result: no -o
	passes   bool // it takes what follows "--"
	operands bool // what follows "--" are its last arguments, which may begin with "-"
	hidden   bool
	run      func(i *invocation) error
	complete func(i *invocation, before []string) []string // of its next argument
}

// invocation is a verb being run.
type invocation struct {
	*cli.Context
	ctx    context.Context
	out    io.Writer
	err    io.Writer
	passed []string // what follows "--"
	passes bool     // whether there is a "--"
	verb   *verb
	plain  bool // tell of waits by lines
}

// command makes a verb one of the app's.
func (s *session) command(v *verb) *cli.Command {
	flags := slices.Clone(v.flags)
	if !v.silent {
		flags = append(flags, outputFlag(v.name))
	}
	if !v.local {
		flags = append(flags, accessFlags()...)
	}
	return &cli.Command{
		Name: v.name, Usage: v.usage, ArgsUsage: v.args, Category: v.category, Hidden: v.hidden, Flags: flags, HideHelpCommand: true,
		CustomHelpTemplate: helpOf(v), UseShortOptionHandling: false,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return mistake(v, err) },
		Action: func(c *cli.Context) error {
			i := &invocation{Context: c, ctx: c.Context, out: s.out, err: s.err, passed: s.passed, passes: s.passes, verb: v}
			if err := i.checkArguments(); err != nil {
				return err
			}
			return named(v, v.run(i))
		},
	}
}

// mistake is an error of the flag parser.
func mistake(v *verb, err error) error {
	text := strings.ReplaceAll(err.Error(), "flag provided but not defined: -", "there is no flag -")
	return &usageError{text: text, verb: v.name}
}

// named says in usage errors which verb's help has more.
func named(v *verb, err error) error {
	if u, ok := err.(*usageError); ok && u.verb == "" {
		u.verb = v.name
	}
	return err
}

func (i *invocation) checkArguments() error {
	least, most := argumentCount(i.verb.args)
	switch n := i.NArg(); {
	case i.passes && !i.verb.passes:
		return i.mistake("gale %s takes nothing after --", i.verb.name)
	case n < least:
		return i.mistake("gale %s needs %s", i.verb.name, strings.Fields(i.verb.args)[n])
	case n > most && i.verb.passes:
		return i.mistake("%q is one argument too many: what is for the program comes after --", i.Args().Get(most))
	case n > most:
		return i.mistake("%q is one argument too many", i.Args().Get(most))
	}
	return nil
}

func argumentCount(args string) (least, most int) {
	for _, a := range strings.Fields(args) {
		if a == "[--" {
			break
		}
		most++
		if a[0] != '[' {
			least++
		}
	}
	return least, most
}

func (i *invocation) mistake(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...), verb: i.verb.name}
}

// checked makes what a validator finds, before anything was asked of a cluster, a mistake on the command line.
func (i *invocation) checked(r cluster.Validated) error {
	if err := r.Validate(); err != nil {
		return i.mistake("%v", err)
	}
	return nil
}

// topology returns the topology's name, which is the first argument.
func (i *invocation) topology() (string, error) {
	name := i.Args().First()
	return name, i.checked(&cluster.NameRequest{Name: name})
}

// connect returns a client of the cluster.
func (i *invocation) connect() (*client.Client, error) {
	access, err := i.access()
	if err != nil {
		return nil, err
	}
	return client.Connect(access)
}

// withClient runs f with a client, which it closes.
func (i *invocation) withClient(f func(c *client.Client) error) error {
	c, err := i.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	return f(c)
}
