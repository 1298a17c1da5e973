package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// format is how results are written.
type format string

const (
	asTable format = "table"
	asJSON  format = "json"
	asYAML  format = "yaml"
)

func outputFlag(verb string) cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "form of the result: table, json or yaml `FORM`", Value: string(asTable), Action: func(_ *cli.Context, v string) error {
		if f := format(v); f != asTable && f != asJSON && f != asYAML {
			return &usageError{text: fmt.Sprintf("there is no form %q: -o is table, json or yaml", v), verb: verb}
		}
		return nil
	}}
}

// show writes a result: as a document, or as people like it, which is what draw writes.
func (i *invocation) show(result any, draw func(w io.Writer) error) error {
	if f := i.format(); f != asTable {
		return writeAs(i.out, f, result)
	}
	return draw(i.out)
}

func (i *invocation) format() format { return format(i.String("output")) }

func writeAs(w io.Writer, f format, result any) error {
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	if f == asYAML {
		return writeYAML(w, text)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

// showEach writes one of a sequence of results: a line of JSON, or a YAML document.
func (i *invocation) showEach(result any, draw func(w io.Writer) error) error {
	switch i.format() {
	case asJSON:
		return json.NewEncoder(i.out).Encode(result)
	case asYAML:
		if _, err := io.WriteString(i.out, "---\n"); err != nil {
			return err
		}
		return writeAs(i.out, asYAML, result)
	}
	return draw(i.out)
}

// list returns what it is given, but never nil, so that a list without elements is written as one.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
