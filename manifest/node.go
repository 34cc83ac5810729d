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

// mostValues is how many keys and values a document may have, those that aliases stand for included:
// seven thousand containers of some detail. Kubernetes' decoder gives up on aliases at twice as many.
const mostValues = 200_000

// excess says why a document is not worth a closer look; no rule is that it is.
func excess(root *yaml.Node) (rule, message string) {
	sizes := map[*yaml.Node]int{} // of what aliases stand for; zero while it is being counted
	circular := false
	var size func(n *yaml.Node) int
	size = func(n *yaml.Node) int {
		sum := 1
		if n.Kind == yaml.AliasNode && n.Alias != nil {
			known, ok := sizes[n.Alias]
			switch {
			case !ok:
				sizes[n.Alias] = 0
				known = size(n.Alias)
				sizes[n.Alias] = known
			case known == 0:
				circular = true
			}
			sum += known
		}
		for _, child := range n.Content {
			sum = min(sum+size(child), mostValues+1)
		}
		return sum
	}
	switch total := size(root); {
	case circular:
		return "yaml-alias", "an anchor's value contains an alias of itself"
	case total > mostValues:
		return "yaml-too-large", fmt.Sprintf("the document has more than %d values, aliases followed: split it", mostValues)
	default:
		return "", ""
	}
}
