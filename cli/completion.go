package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

// completionTimeout bounds how long a shell waits for names from the cluster.
const completionTimeout = time.Second

func completionVerb() *verb {
	return &verb{
		name: "completion", category: otherVerbs, usage: "prints a completion script", args: "bash|zsh|fish", local: true, silent: true, run: runCompletion,
		example: "source <(gale completion bash)",
		about:   "Verbs, flags, and the names of topologies, components and supervisors complete. For zsh, source it the same\nway; for fish: gale completion fish | source",
		complete: func(*invocation, []string) []string {
			return []string{"bash", "fish", "zsh"}
		},
	}
}

// scripts ask gale for the candidates of the last word, given all words. Where there are none, bash and fish offer files.
var scripts = map[string]string{
	"bash": `_gale() {
	local IFS=$'\n'
	COMPREPLY=($("${COMP_WORDS[0]}" complete-words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _gale gale
`,
	"zsh": `#compdef gale
_gale() {
	local -a candidates
	candidates=("${(@f)$("${words[1]}" complete-words -- "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
	if [[ -n "${candidates[*]}" ]]; then compadd -a candidates; else _files; fi
}
compdef _gale gale
`,
	"fish": `complete -c gale -n 'not __fish_seen_subcommand_from submit dev' -f
complete -c gale -a '(gale complete-words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

func runCompletion(i *invocation) error {
	script, ok := scripts[i.Args().First()]
	if !ok {
		return i.mistake("there is no completion for %q: it is bash, zsh or fish", i.Args().First())
	}
	_, err := io.WriteString(i.out, script)
	return err
}

// completeVerb is what the scripts call: it prints the candidates for the last of the words after "--".
func completeVerb(s *session) *verb {
	return &verb{
		name: "complete-words", hidden: true, silent: true, passes: true, args: "[-- WORDS...]", usage: "prints candidates for the last word", example: "gale complete-words -- kill ''",
		run: func(i *invocation) error {
			words := i.passed
			if len(words) == 0 {
				words = []string{""}
			}
			last := words[len(words)-1]
			for _, c := range i.candidates(s.verbs(), words[:len(words)-1], last) {
				if !strings.HasPrefix(c, last) {
					continue
				}
				if _, err := fmt.Fprintln(i.out, c); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// candidates returns what may stand after the words before, of which only what begins with last will be used.
func (i *invocation) candidates(verbs []*verb, before []string, last string) []string {
	k := slices.IndexFunc(verbs, func(v *verb) bool { return slices.Contains(before, v.name) && !v.hidden })
	if k < 0 {
		return verbNames(verbs)
	}
	v := verbs[k]
	flags := append(slices.Clone(v.flags), sharedFlags()...)
	previous := before[len(before)-1]
	switch {
	case slices.Contains(before, "--"):
		return nil
	case takesNext(previous, flags) && isFlag(previous):
		return i.flagValues(previous, before)
	case strings.HasPrefix(last, "-"):
		return flagNames(flags)
	case v.complete != nil:
		return v.complete(i, before)
	}
	return nil
}

func verbNames(verbs []*verb) (names []string) {
	for _, v := range verbs {
		if !v.hidden {
			names = append(names, v.name)
		}
	}
	return names
}

func flagNames(flags []cli.Flag) (names []string) {
	for _, f := range flags {
		names = append(names, "--"+f.Names()[0])
	}
	return names
}

func (i *invocation) flagValues(flag string, before []string) []string {
	switch strings.TrimLeft(flag, "-") {
	case "output", "o":
		return []string{string(asJSON), string(asTable), string(asYAML)}
	case "topology":
		return completeTopology(i, before)
	case "component":
		return i.components(before, "")
	case "parallelism", "p":
		return i.components(before, "=")
	}
	return nil
}

// ask asks the cluster for names; no answer in time means no candidates.
func (i *invocation) ask(f func(ctx context.Context, c *client.Client) []string) []string {
	ctx, cancel := context.WithTimeout(i.ctx, completionTimeout)
	defer cancel()
	names := make(chan []string, 1)
	go func() { names <- i.asked(ctx, f) }() // which may wait long for servers that don't answer: this process doesn't wait for it
	select {
	case all := <-names:
		return all
	case <-ctx.Done():
		return nil
	}
}

func (i *invocation) asked(ctx context.Context, f func(ctx context.Context, c *client.Client) []string) []string {
	c, err := i.connect()
	if err != nil {
		return nil
	}
	defer c.Close()
	return f(ctx, c)
}

func completeTopology(i *invocation, _ []string) []string {
	return i.ask(func(ctx context.Context, c *client.Client) (names []string) {
		all, _ := c.List(ctx)
		for _, s := range all {
			names = append(names, s.Name)
		}
		return names
	})
}

func completeSupervisor(i *invocation, _ []string) []string {
	return i.ask(func(ctx context.Context, c *client.Client) (names []string) {
		all, _ := c.Supervisors(ctx)
		for _, s := range all {
			names = append(names, s.ID)
		}
		return names
	})
}

// components are those of the topology that is named among the words.
func (i *invocation) components(before []string, suffix string) []string {
	return i.ask(func(ctx context.Context, c *client.Client) (names []string) {
		all, _ := c.List(ctx)
		k := slices.IndexFunc(all, func(s cluster.Summary) bool { return slices.Contains(before, s.Name) })
		if k < 0 {
			return nil
		}
		d, _ := c.Describe(ctx, all[k].Name)
		for _, component := range d.Definition.Components {
			names = append(names, component.ID+suffix)
		}
		return names
	})
}
