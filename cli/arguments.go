package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// split parts what is for gale from what follows "--", which is for the topology's program.
func split(args []string) (own, passed []string, passes bool) {
	i := slices.Index(args, "--")
	if i < 0 {
		return args, nil, false
	}
	return args[:i], args[i+1:], true
}

// arrange puts the verb first and its flags before its arguments, the one order that the flag parser knows.
func arrange(args []string, verbs []*cli.Command) []string {
	i := verbIndex(args)
	if i < 0 {
		return args
	}
	name := args[i]
	k := slices.IndexFunc(verbs, func(c *cli.Command) bool { return c.HasName(name) })
	if k < 0 {
		return args[i:]
	}
	rest := slices.Concat(args[:i], args[i+1:])
	flags, positional := apart(rest, verbs[k].Flags)
	return slices.Concat([]string{name}, flags, positional)
}

// extend adds to an arranged line more arguments of its verb, which may begin with "-".
func extend(line, more []string, known []cli.Flag) []string {
	if _, positional := apart(line[1:], known); len(positional) == 0 {
		line = append(line, "--") // where there is an argument before them, the parser finds no flags any more
	}
	return append(line, more...)
}

// verbIndex finds the verb: the first argument that is neither a flag nor the value of one of those that all verbs have.
func verbIndex(args []string) int {
	for i := 0; i < len(args); i++ {
		if !isFlag(args[i]) {
			return i
		}
		if takesNext(args[i], sharedFlags()) {
			i++
		}
	}
	return -1
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// takesNext reports whether the argument is a flag whose value is the argument after it.
func takesNext(arg string, flags []cli.Flag) bool {
	name := strings.TrimLeft(arg, "-")
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}

// apart parts flags from arguments. Flags get their long names, as the parser refuses to be given both.
func apart(args []string, known []cli.Flag) (flags, positional []string) {
	for i := 0; i < len(args); i++ {
		switch {
		case !isFlag(args[i]):
			positional = append(positional, args[i])
		case takesNext(args[i], known) && i+1 < len(args):
			flags = append(flags, long(args[i], known), args[i+1])
			i++
		default:
			flags = append(flags, long(args[i], known))
		}
	}
	return flags, positional
}

// long returns a flag by its first name. Those that are not known stay.
func long(arg string, known []cli.Flag) string {
	name, value, valued := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range known {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		if valued {
			return "--" + f.Names()[0] + "=" + value
		}
		return "--" + f.Names()[0]
	}
	return arg
}
