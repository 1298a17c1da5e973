package gale

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/galestream/gale/config"
)

// flagPrefix begins all flags that Main takes; all others are the program's own.
const flagPrefix = "gale."

// galeFlags are what Main takes from the command line.
type galeFlags struct {
	file  string // of the configuration
	plain bool   // lines instead of a live table
	help  bool
	set   []string // key=value
}

// Args returns the program's own arguments: those of os.Args after the program's name, without
// Gale's flags (-gale.*). Programs with flags parse it instead of os.Args:
//
//	flags := flag.NewFlagSet("wordcount", flag.ExitOnError)
//	top := flags.Int("top", 10, "how many words to show")
//	flags.Parse(gale.Args())
func Args() []string {
	_, own, _ := splitArgs(os.Args[1:])
	return own
}

// splitArgs takes Gale's flags out of the arguments. What follows "--" is the program's.
func splitArgs(args []string) (f galeFlags, own []string, err error) {
	for i, arg := range args {
		if arg == "--" {
			return f, append(own, args[i:]...), err
		}
		name, isFlag := strings.CutPrefix(strings.TrimPrefix(arg, "-"), "-")
		name, isGale := strings.CutPrefix(name, flagPrefix)
		if !isGale || !isFlag && !strings.HasPrefix(arg, "-") {
			own = append(own, arg)
			continue
		}
		if e := f.take(name); e != nil && err == nil {
			err = e
		}
	}
	return f, own, err
}

// take takes one flag, without its prefix.
func (f *galeFlags) take(flag string) error {
	name, value, valued := strings.Cut(flag, "=")
	switch {
	case name == "help" && !valued:
		f.help = true
	case name == "plain" && !valued:
		f.plain = true
	case name == "config" && value != "":
		f.file = value
	case valued && name != "config":
		f.set = append(f.set, flag)
	default:
		return fmt.Errorf("flag -%s%s needs a value: -%s%s=VALUE (-%shelp lists all)", flagPrefix, name, flagPrefix, name, flagPrefix)
	}
	return nil
}

func printUsage(w io.Writer, cfg config.Config) error {
	if _, err := fmt.Fprint(w, usage); err != nil {
		return err
	}
	return cfg.Describe(w)
}

const usage = `Flags of Gale; all others are the program's own.

  -gale.config=FILE  reads the configuration from a YAML file (or GALE_CONFIG=FILE)
  -gale.plain        prints lines instead of a live table
  -gale.help         prints this
  -gale.KEY=VALUE    sets one of the keys below; so does the environment: GALE_TOPOLOGY_BATCH_SIZE=64

`
