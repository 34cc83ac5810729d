package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML parses one document into nodes that know where they stand in the file. No alias is
// expanded. Nil and no error is an empty document.
func parseYAML(c chunk) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(c.data))
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New(`yaml: a second document begins without a "---" line before it`)
		}
		return nil, err
	}
	shift(&document, c.line-1)
	if document.Kind == yaml.DocumentNode && len(document.Content) == 1 {
		return document.Content[0], nil
	}
	return &document, nil
}

// shift moves nodes down by lines. An alias shares its target, which is moved where it stands.
func shift(n *yaml.Node, lines int) {
	n.Line += lines
	for _, child := range n.Content {
		shift(child, lines)
	}
}

// fromJSON marks a number whose text is JSON's, to be taken as it is: a style no YAML scalar has.
const fromJSON = yaml.FlowStyle

// parseJSON makes the same nodes of a JSON document, which is known to be valid.
func parseJSON(c chunk) *yaml.Node {
	p := jsonParser{decoder: json.NewDecoder(strings.NewReader(c.data)), data: c.data, line: c.line, column: max(c.column, 1)}
	p.decoder.UseNumber()
	return p.value(p.token())
}

type jsonParser struct {
	decoder      *json.Decoder
	data         string
	offset       int // up to where line and column have come
	line, column int
}

// token gives the next token and a node that stands where it begins.
func (p *jsonParser) token() (json.Token, *yaml.Node) {
	token, err := p.decoder.Token()
	if err != nil { // at the end only: the document is valid
		return nil, &yaml.Node{}
	}
	start := p.offset + len(p.data[p.offset:]) - len(strings.TrimLeft(p.data[p.offset:], " \t\r\n,:"))
	p.line, p.column = advance(p.line, p.column, p.data[p.offset:start])
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: p.line, Column: p.column}
	p.offset = int(p.decoder.InputOffset())
	p.line, p.column = advance(p.line, p.column, p.data[start:p.offset])
	return token, node
}

func (p *jsonParser) value(token json.Token, node *yaml.Node) *yaml.Node {
	switch token := token.(type) {
	case json.Delim:
		node.Kind = yaml.SequenceNode
		if token == '{' {
			node.Kind = yaml.MappingNode
		}
		for p.decoder.More() {
			node.Content = append(node.Content, p.value(p.token())) // keys are strings
		}
		p.token() // the closing one
	case string:
		node.Style, node.Tag, node.Value = yaml.DoubleQuotedStyle, "!!str", token
	case json.Number:
		node.Style, node.Tag, node.Value = fromJSON, "!!float", token.String()
	case bool:
		node.Tag, node.Value = "!!bool", "false"
		if token {
			node.Value = "true"
		}
	case nil:
		node.Tag, node.Value = "!!null", "null"
	}
	return node
}

// deref follows aliases to what they stand for.
func deref(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// mostExpanded is how many nodes a document with aliases may stand for. Kubernetes' decoder gives
// up at about twice as many.
const mostExpanded = 200_000

// bomb says why the aliases of a document must not be followed, or "".
func bomb(root *yaml.Node) string {
	sizes := map[*yaml.Node]int{}
	message, aliases := "", false
	var size func(n *yaml.Node) int
	size = func(n *yaml.Node) int {
		if known, ok := sizes[n]; ok {
			if known == 0 && message == "" {
				message = "an anchor's value contains an alias of itself"
			}
			return known
		}
		sizes[n] = 0 // in progress
		sum := 1
		if n.Kind == yaml.AliasNode && n.Alias != nil {
			aliases = true
			sum += size(n.Alias)
		}
		for _, child := range n.Content {
			sum = min(sum+size(child), mostExpanded+1)
		}
		sizes[n] = sum
		return sum
	}
	if size(root) > mostExpanded && aliases && message == "" {
		message = fmt.Sprintf("the aliases of this document stand for more than %d values", mostExpanded)
	}
	return message
}
