package config

import (
	"math"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// scalar is a single value as a document has it.
type scalar struct {
	text   string // without quotes
	isText bool   // in quotes, or not what YAML takes for a number or bool
}

// scalarOf returns the value of a node, false when it has none, or several.
func scalarOf(n ast.Node) (scalar, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return scalar{n.Value, true}, true
	case *ast.LiteralNode:
		return scalar{n.Value.Value, true}, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return scalar{n.GetToken().Value, false}, true
	}
	return scalar{}, false
}

// shown returns the value for people to read: text in quotes, and not too much of it.
func (s scalar) shown() string {
	if s.isText {
		return strconv.Quote(cut(s.text))
	}
	return cut(s.text)
}

// plain returns the value in the Go type that it has by itself.
func (s scalar) plain() any {
	if s.isText {
		return s.text
	}
	if n, err := strconv.ParseInt(s.text, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(s.text, 10, 64); err == nil {
		return n
	}
	if x, err := strconv.ParseFloat(s.text, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
		return x
	}
	switch s.text {
	case "true", "false":
		return s.text == "true"
	}
	return s.text // such as .inf or 0o17
}

// pair is an entry of a section.
type pair struct {
	key   string
	at    *token.Token // the key's
	value ast.Node
}

// pairs returns the entries of a section, none for one that is empty, and reports those
// whose key is no name or is there already. It returns false when n is no section.
func (d *decoder) pairs(n ast.Node, section string) ([]pair, bool) {
	var pairs []pair
	first := map[string]*token.Token{}
	entries, ok := entriesOf(n)
	for _, e := range entries {
		if d.refuses(e.Key) {
			continue
		}
		name, isName := scalarKey(e.Key)
		p := pair{name, e.Key.GetToken(), e.Value}
		switch earlier := first[name]; {
		case !isName:
			d.problemAt(p.at, "%s: a key must be a name", join(section, "?"))
		case earlier != nil:
			d.problemAt(p.at, "%s is there twice, first in line %d", cut(join(section, name)), earlier.Position.Line)
		default:
			first[name] = p.at
			pairs = append(pairs, p)
		}
	}
	return pairs, ok
}

func entriesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	case *ast.NullNode: // all that stands under the key is commented out
		return nil, true
	}
	return nil, false
}

// scalarKey returns a key as it is written: the id of a component may look like a number.
func scalarKey(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// tokenOf returns where a node begins, which for a section is its first key rather than
// the colon after it.
func tokenOf(n ast.Node) *token.Token {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			return m.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return m.Key.GetToken()
	}
	return n.GetToken()
}
