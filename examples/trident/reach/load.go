package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"strings"
)

// load returns how a table is loaded from a file: the first word of a line is a key, the others are what belongs to it.
func load(data fs.FS, name string) func(context.Context) (iter.Seq2[string, []string], error) {
	return func(context.Context) (iter.Seq2[string, []string], error) {
		text, err := fs.ReadFile(data, name)
		if err != nil {
			return nil, err
		}
		table, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return maps.All(table), nil
	}
}

// parse reads a table. The error lists the keys that are there twice.
func parse(text []byte) (map[string][]string, error) {
	table := map[string][]string{}
	var errs []error
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if _, twice := table[words[0]]; twice {
			errs = append(errs, fmt.Errorf("line %d: %q is there twice", n, words[0]))
		}
		table[words[0]] = words[1:]
	}
	return table, errors.Join(append(errs, lines.Err())...)
}
