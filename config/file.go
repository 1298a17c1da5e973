package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may have. The YAML library takes time in the square of nesting, of the keys of a
// section and of blank lines in a row, a minute for 100 KiB of newlines; within these
// limits it takes a second at most.
const (
	maxFileBytes  = 1 << 20
	maxFileLines  = 10_000
	maxBlankLines = 100 // in a row
	maxTokens     = 50_000
	maxFlowDepth  = 50  // of brackets and braces
	maxItemColumn = 200 // where "-" or "?" may stand, which bounds the depth in block style
)

// syntaxError says where a text is no YAML, or not that subset of it that is read.
type syntaxError struct {
	line, column int
	text         string
}

func (e *syntaxError) Error() string { return e.text }

// readFile returns the content of the file, which must be of at most maxFileBytes.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // reading only: its error says nothing
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		err = fmt.Errorf("the file is larger than %d bytes", maxFileBytes)
	}
	return data, err
}

// parseYAML returns the one document of the text, nil when it is empty. Its errors are
// of type *syntaxError.
func parseYAML(text []byte) (ast.Node, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if err := checkLines(text); err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(string(text))
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // decode reports them all, with both places
	if err != nil {
		return nil, syntaxErrorOf(err)
	}
	return onlyDocument(file)
}

func checkLines(text []byte) error {
	line, blank := 0, 0
	for l := range bytes.Lines(text) {
		line++
		blank++
		if len(bytes.TrimSpace(l)) > 0 {
			blank = 0
		}
		if problem := lineProblem(l, line, blank); problem != "" {
			return &syntaxError{line, 1, problem}
		}
	}
	return nil
}

func lineProblem(l []byte, line, blank int) string {
	switch {
	case line > maxFileLines:
		return fmt.Sprintf("the file has more than %d lines", maxFileLines)
	case blank > maxBlankLines:
		return fmt.Sprintf("there are more than %d blank lines in a row", maxBlankLines)
	case !utf8.Valid(l):
		return "the line is not UTF-8"
	case bytes.ContainsAny(l, "\r\x00"):
		return "the line has a carriage return or a zero byte in it"
	}
	return ""
}

func checkTokens(tokens token.Tokens) error {
	var open []token.Type // the ends that the brackets and braces want
	for i, t := range tokens {
		indented := t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType
		switch {
		case i >= maxTokens:
			return syntaxErrorAt(t, fmt.Sprintf("the file has more than %d words and signs", maxTokens))
		case len(open) == maxFlowDepth && endOf[t.Type] != 0, indented && t.Position.Column > maxItemColumn:
			return syntaxErrorAt(t, "the nesting is too deep")
		case endOf[t.Type] != 0:
			open = append(open, endOf[t.Type])
		case t.Type != token.SequenceEndType && t.Type != token.MappingEndType:
		case len(open) == 0 || open[len(open)-1] != t.Type: // the parser lets some of them pass
			return syntaxErrorAt(t, fmt.Sprintf("is no YAML: %q closes nothing", t.Value))
		default:
			open = open[:len(open)-1]
		}
	}
	return nil
}

var endOf = map[token.Type]token.Type{
	token.SequenceStartType: token.SequenceEndType,
	token.MappingStartType:  token.MappingEndType,
}

func onlyDocument(file *ast.File) (ast.Node, error) {
	var body ast.Node
	for i, doc := range file.Docs {
		if i > 0 && doc.Body != nil {
			return nil, syntaxErrorAt(doc.Body.GetToken(), "the file has a second document; it must be one")
		}
		if doc.Body != nil {
			body = doc.Body
		}
	}
	return body, nil
}

func syntaxErrorAt(t *token.Token, text string) *syntaxError {
	if t == nil || t.Position == nil {
		return &syntaxError{1, 1, text}
	}
	return &syntaxError{t.Position.Line, t.Position.Column, text}
}

// syntaxErrorOf takes from the library's error its place and message, and leaves the
// lines of the file that it shows: they may hold secrets.
func syntaxErrorOf(err error) *syntaxError {
	var e yaml.Error
	if !errors.As(err, &e) {
		return syntaxErrorAt(nil, "is no YAML")
	}
	return syntaxErrorAt(e.GetToken(), "is no YAML: "+cut(e.GetMessage()))
}
