package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"
)

// Main runs the command line, which args are without the program's name, and returns the exit code: see the package. SIGINT and
// SIGTERM end what it does in order.
func Main(args []string, out, err io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, args, out, err)
}

// session is one run of gale.
type session struct {
	out, err io.Writer
	passed   []string // what follows "--"
	passes   bool     // whether there is a "--"
}

func run(ctx context.Context, args []string, out, errors io.Writer) int {
	s := &session{out: out, err: errors}
	app := s.app()
	own, passed, passes := split(args)
	line := arrange(own, app.Commands)
	if v := s.operandVerb(line); v != nil && passes {
		line, passed, passes = extend(line, passed, append(slices.Clone(v.flags), sharedFlags()...)), nil, false
	}
	s.passed, s.passes = passed, passes
	err := app.RunContext(ctx, append([]string{"gale"}, line...))
	complain(errors, err)
	return exitCode(err, ctx.Err() != nil)
}

// operandVerb returns the line's verb if it takes what follows "--" as arguments, else nil.
func (s *session) operandVerb(line []string) *verb {
	for _, v := range s.verbs() {
		if len(line) > 0 && v.name == line[0] && v.operands {
			return v
		}
	}
	return nil
}

func (s *session) app() *cli.App {
	verbs := s.verbs()
	app := &cli.App{
		Name: "gale", Usage: "runs stream topologies on a cluster", Writer: s.out, ErrWriter: s.err,
		HideHelpCommand: true, HideVersion: true, DisableSliceFlagSeparator: true, CustomAppHelpTemplate: appHelpOf(verbs),
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return mistake(&verb{}, err) },
		ExitErrHandler: func(*cli.Context, error) {}, // Main tells errors, and exits
		Action:         unknownVerb,
	}
	for _, v := range verbs {
		app.Commands = append(app.Commands, s.command(v))
	}
	return app
}

// unknownVerb is run when no verb is named, or one that isn't there.
func unknownVerb(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowAppHelp(c)
	}
	text := "there is no verb \"" + c.Args().First() + "\""
	if near := cli.SuggestCommand(c.App.Commands, c.Args().First()); near != "" {
		text += ". " + near
	}
	return &usageError{text: text}
}
