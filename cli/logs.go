package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func logsVerb() *verb {
	return &verb{
		name: "logs", category: lookVerbs, usage: "shows the logs of a topology's workers", args: "NAME", example: "gale logs wordcount -f --component count --grep 'timed out'", run: runLogs,
		about:    "Each line begins with the end of its worker's id. With -o json, each is an object in a line of its own.",
		complete: completeTopology,
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what comes, until Ctrl-C or the topology is over"},
			&cli.IntFlag{Name: "tail", Aliases: []string{"n"}, Usage: "how many of the last lines of each worker, 1 to 10000 `N`", Value: 100},
			&cli.StringFlag{Name: "component", Usage: "only lines that carry this component, as what is logged through Context.Log does, and what is printed does not `ID`"},
			&cli.StringFlag{Name: "grep", Usage: "only lines that match this regular expression `PATTERN`"},
			&cli.StringFlag{Name: "worker", Usage: "only of the workers whose id ends so `ID`"},
		},
	}
}

func runLogs(i *invocation) error {
	q := client.LogQuery{
		Topology: i.Args().First(), Worker: i.String("worker"), Component: i.String("component"), Grep: i.String("grep"),
		Tail: i.Int("tail"), Follow: i.Bool("follow"),
	}
	if err := i.checkQuery(q); err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		err := c.Logs(i.ctx, q, i.showLine)
		if q.Follow && errors.Is(err, context.Canceled) {
			return nil // which is how following ends
		}
		return err
	})
}

// checkQuery has the validator of a request for logs look at what the command line says.
func (i *invocation) checkQuery(q client.LogQuery) error {
	if _, err := i.topology(); err != nil {
		return err
	}
	if q.Tail < 1 {
		return i.mistake("--tail is %d, must be in 1..%d", q.Tail, cluster.MaxLogTail)
	}
	return i.checked(&cluster.LogsRequest{TopologyID: "any", Worker: "any", Tail: q.Tail, Component: q.Component, Grep: q.Grep})
}

func (i *invocation) showLine(l client.LogLine) error {
	if l.Notice && i.format() == asTable {
		_, err := fmt.Fprintf(i.err, "worker %s: %s\n", short(l.Worker), clean(l.Text))
		return err
	}
	return i.showEach(l, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s  %s\n", short(l.Worker), cutLine(i.out, i.Args().First(), l.Text))
		return err
	})
}
