package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// writeYAML writes a JSON text as block YAML, fields in the same order. It needs no more of YAML than JSON has: every
// JSON string is a YAML string in double quotes.
func writeYAML(w io.Writer, text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	y := &yamlWriter{d: d}
	if err := y.value(0, false); err != nil {
		return fmt.Errorf("as YAML: %w", err)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(y.b.String(), " ")+"\n")
	return err
}

type yamlWriter struct {
	d *json.Decoder
	b strings.Builder
}

// value writes the next value, which follows a "key:" or a "-" on the same line. inList says that it is the latter: the first field of a
// mapping then stays on the line.
func (y *yamlWriter) value(depth int, inList bool) error {
	t, err := y.d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return y.collection(t, depth, inList)
	case string:
		y.b.WriteString(" " + yamlString(t))
	case nil:
		y.b.WriteString(" null")
	default:
		fmt.Fprintf(&y.b, " %v", t)
	}
	return nil
}

func (y *yamlWriter) collection(open json.Delim, depth int, inList bool) error {
	if !y.d.More() {
		y.b.WriteString(map[json.Delim]string{'{': " {}", '[': " []"}[open])
	}
	for first := true; y.d.More(); first = false {
		y.lead(depth, first && inList)
		if err := y.element(open, depth); err != nil {
			return err
		}
	}
	_, err := y.d.Token() // the end
	return err
}

// lead begins the line of an element.
func (y *yamlWriter) lead(depth int, sameLine bool) {
	switch {
	case sameLine:
		y.b.WriteString(" ")
	case y.b.Len() > 0:
		y.b.WriteString("\n" + strings.Repeat("  ", depth))
	}
}

func (y *yamlWriter) element(open json.Delim, depth int) error {
	if open == '[' {
		y.b.WriteString("-")
		return y.value(depth+1, true)
	}
	key, err := y.d.Token()
	if err != nil {
		return err
	}
	y.b.WriteString(yamlString(key.(string)) + ":")
	return y.value(depth+1, false)
}

// plainYAML are strings that every YAML parser takes as they are, and as strings.
var plainYAML = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)

var yamlWords = map[string]bool{"true": true, "false": true, "null": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true}

func yamlString(s string) string {
	if plainYAML.MatchString(s) && !yamlWords[strings.ToLower(s)] {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // which fails for no string
	return strings.TrimSuffix(b.String(), "\n")
}
