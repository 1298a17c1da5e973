package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpOf is the help of a verb, whose own flags alone it lists.
func helpOf(v *verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gale %s - %s\n\nUsage:\n  gale %s\n", v.name, v.usage, synopsis(v))
	if v.about != "" {
		fmt.Fprintf(&b, "\n%s\n", v.about)
	}
	writeFlags(&b, "Flags", v.flags)
	fmt.Fprintf(&b, "\nExample:\n  %s\n", v.example)
	if shared := v.sharedNames(); shared != "" {
		fmt.Fprintf(&b, "\nAlso %s: see gale -h.\n", shared)
	}
	return literal(b.String())
}

// synopsis is the verb with its arguments; the program's come last.
func synopsis(v *verb) string {
	args, program, passes := strings.Cut(v.args, "[--")
	text := strings.TrimSpace(v.name+" "+args) + " [flags]"
	if passes {
		text += " [--" + program
	}
	return text
}

// sharedNames are the flags that the verb has in common with others.
func (v *verb) sharedNames() string {
	var names []string
	if !v.silent {
		names = append(names, "-o")
	}
	if !v.local {
		for _, f := range accessFlags() {
			names = append(names, "--"+f.Names()[0])
		}
	}
	return strings.Join(names, ", ")
}

// literal makes a text a template of itself.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

func writeFlags(b *strings.Builder, title string, flags []cli.Flag) {
	if len(flags) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	t := &table{}
	for _, f := range flags {
		t.row("  "+flagNamesOf(f), flagUsage(f))
	}
	_ = t.write(b) // which a Builder never refuses
}

// flagNamesOf is as in "-w, --workers N".
func flagNamesOf(f cli.Flag) string {
	long, text := f.Names()[0], ""
	for _, n := range f.Names()[1:] {
		text += "-" + n + ", "
	}
	return strings.TrimRight(text+"--"+long+" "+placeholder(f), " ")
}

// placeholder is the word in backquotes at the end of a flag's usage.
func placeholder(f cli.Flag) string {
	_, word, _ := strings.Cut(f.(cli.DocGenerationFlag).GetUsage(), " `")
	return strings.TrimSuffix(word, "`")
}

func flagUsage(f cli.Flag) string {
	d := f.(cli.DocGenerationFlag)
	text, _, _ := strings.Cut(d.GetUsage(), " `")
	if v := defaultOf(f); v != "" {
		text += " (default: " + v + ")"
	}
	if env := d.GetEnvVars(); len(env) > 0 {
		text += " [$" + strings.Join(env, ", $") + "]"
	}
	return text
}

// defaultOf is what stands for a flag that is not given, where that is worth a word.
func defaultOf(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.StringFlag:
		return cmp.Or(f.DefaultText, f.Value)
	case *cli.DurationFlag:
		return cmp.Or(f.DefaultText, age(f.Value))
	case *cli.IntFlag:
		return cmp.Or(f.DefaultText, strconv.Itoa(f.Value))
	}
	return ""
}

// appHelpOf is gale's own help.
func appHelpOf(verbs []*verb) string {
	var b strings.Builder
	b.WriteString("gale - runs stream topologies on a cluster\n\nUsage:\n  gale VERB [ARGUMENTS] [flags]\n")
	for _, c := range categories {
		fmt.Fprintf(&b, "\n%s:\n", c)
		writeVerbs(&b, slices.DeleteFunc(slices.Clone(verbs), func(v *verb) bool { return v.category != c || v.hidden }))
	}
	writeFlags(&b, "Flags of all verbs that ask a cluster", sharedFlags())
	b.WriteString(appEnd)
	return literal(b.String())
}

func writeVerbs(b *strings.Builder, verbs []*verb) {
	t := &table{}
	for _, v := range verbs {
		t.row("  "+v.name, v.usage)
	}
	_ = t.write(b)
}

// The categories of verbs, in the order of the help.
const (
	clusterVerbs  = "To run a cluster"
	topologyVerbs = "To run topologies"
	stateVerbs    = "To see what they know"
	lookVerbs     = "To see how they fare"
	otherVerbs    = "Other"
)

var categories = []string{clusterVerbs, topologyVerbs, stateVerbs, lookVerbs, otherVerbs}

const appEnd = `
Without --nats and --creds, the cluster of a 'gale dev' on this machine is found by itself.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 conflict, 5 unauthorized, 6 not now (unavailable, no room, timeout),
7 busy (more questions than can be answered at a time).

'gale VERB -h' says more of a verb. Begin with: gale dev ./examples/wordcount
`
