package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func stateVerb() *verb {
	return &verb{
		name: "state", category: stateVerbs, usage: "lists, reads and drops the state of topologies", args: "list|get|drop [TOPOLOGY] [STATE] [KEY]", example: "gale state get wordcount counts gale", run: runState,
		about: "gale state list [TOPOLOGY]            lists the states of a topology, or of all\n" +
			"gale state get TOPOLOGY STATE KEY     prints the value of a key; one that begins with - comes after --\n" +
			"gale state drop TOPOLOGY              deletes all state that a topology has left, which has been killed\n\n" +
			"All that is shown is committed. 'list' has of each state how many partitions its figures are of: one that is\nstarted again does not answer. What a topology has left that has ended, or was killed, is read from its log.\nA sink that is exactly-once remembers what it has after a drop, too: it refuses the next topology of the\nname, with an error that says how to have it forget.",
		operands: true, complete: completeState,
		flags: []cli.Flag{&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "drop: don't ask"}},
	}
}

// stateActions say how many arguments each action of the verb takes.
var stateActions = map[string]struct {
	least, most int
	run         func(i *invocation) error
}{
	"list": {0, 1, listStates},
	"get":  {3, 3, getState},
	"drop": {1, 1, dropState},
}

func runState(i *invocation) error {
	name := i.Args().First()
	action, ok := stateActions[name]
	n := i.NArg() - 1
	switch {
	case !ok:
		return i.mistake("gale state has no %q: it is list, get or drop", name)
	case n < action.least:
		return i.mistake("gale state %s needs %s", name, strings.Fields("TOPOLOGY STATE KEY")[n])
	case n > action.most:
		return i.mistake("%q is one argument too many", i.Args().Get(action.most+1))
	case i.Bool("yes") && name != "drop":
		return i.mistake("--yes is for gale state drop")
	}
	if n > 0 {
		if err := i.checked(&cluster.NameRequest{Name: i.Args().Get(1)}); err != nil {
			return err
		}
	}
	return action.run(i)
}

// statesResult is what 'state list' writes.
type statesResult struct {
	States []client.StateInfo `json:"states"`
}

func listStates(i *invocation) error {
	return i.withClient(func(c *client.Client) error {
		var all []client.StateInfo
		var err error
		if topology := i.Args().Get(1); topology != "" {
			all, err = c.States(i.ctx, topology)
		} else {
			all, err = allStates(i.ctx, c)
		}
		if err != nil && len(all) == 0 {
			return err
		}
		return errors.Join(i.show(statesResult{list(all)}, stateTable(all).write), err)
	})
}

// allStates are those of all topologies that keep some, or have left some. Those of a topology that can't be asked, as while it starts, are an error; the others are
// there all the same.
func allStates(ctx context.Context, c *client.Client) (all []client.StateInfo, missed error) {
	running, err := runningTopologies(ctx, c)
	if err != nil {
		return nil, err
	}
	left, missed := c.StateTopologies(ctx)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(running, left...)))) {
		states, err := c.States(ctx, name)
		if err != nil && cluster.CodeOf(err) != cluster.NotFound && missed == nil {
			missed = err
		}
		all = append(all, states...)
	}
	return all, missed
}

// runningTopologies names those whose tasks can be asked.
func runningTopologies(ctx context.Context, c *client.Client) (names []string, err error) {
	topologies, err := c.List(ctx)
	for _, t := range topologies {
		if t.Status == cluster.Active || t.Status == cluster.Inactive {
			names = append(names, t.Name)
		}
	}
	return names, err
}

// leftTopologies names those that don't run and have left state.
func leftTopologies(ctx context.Context, c *client.Client) (names []string, err error) {
	names, err = c.StateTopologies(ctx)
	running, _ := runningTopologies(ctx, c)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(running, name) }), err
}

func stateTable(all []client.StateInfo) *table {
	t := newTable("TOPOLOGY", "STATE", "KIND", "KEYS", "SIZE", "PARTITIONS", "COMMITTED")
	for _, s := range all {
		partitions := outOf(s.Answered, s.Partitions)
		if !s.Running {
			partitions = "left"
		}
		t.row(s.Topology, s.Name, s.Kind, s.Keys, size(s.Bytes), partitions, s.TxID)
	}
	return t
}

func getState(i *invocation) error {
	return i.withClient(func(c *client.Client) error {
		v, err := c.State(i.ctx, i.Args().Get(1), i.Args().Get(2), i.Args().Get(3))
		if err != nil {
			return err
		}
		return i.show(v, func(w io.Writer) error { return writeValue(w, v.Value) })
	})
}

// writeValue writes a JSON value in a line: a text as it is.
func writeValue(w io.Writer, value json.RawMessage) error {
	var line bytes.Buffer
	if err := json.Compact(&line, value); err != nil {
		return fmt.Errorf("the value is no JSON: %w", err)
	}
	text := line.String()
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, strings.ReplaceAll(clean(text), "\n", `\n`))
	return err
}

func dropState(i *invocation) error {
	topology := i.Args().Get(1)
	if !i.Bool("yes") {
		yes, err := i.confirm(fmt.Sprintf("All state of topology %q is lost for good. Drop it?", topology))
		if err != nil {
			return err
		}
		if !yes {
			return cluster.Errorf(cluster.Conflict, "nothing was dropped: it was not confirmed").WithHint("answer y, or give --yes")
		}
	}
	return i.withClient(func(c *client.Client) error {
		if err := c.DropState(i.ctx, topology); err != nil {
			return err
		}
		return i.done(topology, "state dropped")
	})
}

// confirm asks on standard error, and reads the answer from standard input. Whoever gives none has not confirmed.
func (i *invocation) confirm(question string) (bool, error) {
	if _, err := fmt.Fprint(i.err, question+" [y/N] "); err != nil {
		return false, err
	}
	answer := make(chan string, 1)
	go func() { // it ends with the process, at the latest: a read of a terminal can't be called off
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	case <-i.ctx.Done():
		return false, i.ctx.Err()
	}
}

// completeState completes the action, the topology and the state.
func completeState(i *invocation, before []string) []string {
	words := operandsOf(stateVerb(), before)
	switch {
	case len(words) == 0:
		return []string{"list", "get", "drop"}
	case len(words) == 1:
		return i.ask(func(ctx context.Context, c *client.Client) []string {
			left, _ := leftTopologies(ctx, c)
			if words[0] == "drop" {
				return left
			}
			running, _ := runningTopologies(ctx, c)
			return append(running, left...)
		})
	case len(words) == 2 && words[0] == "get":
		return i.ask(func(ctx context.Context, c *client.Client) (names []string) {
			states, _ := c.States(ctx, words[1])
			for _, s := range states {
				names = append(names, s.Name)
			}
			return names
		})
	}
	return nil
}

// operandsOf are the words after the verb that are neither flags nor their values.
func operandsOf(v *verb, before []string) []string {
	_, words := apart(before, append(slices.Clone(v.flags), sharedFlags()...))
	return words[min(1, len(words)):]
}
