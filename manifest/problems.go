package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// HasErrors reports whether any finding stops the command.
func (p Problems) HasErrors() bool {
	return slices.ContainsFunc(p, func(one Problem) bool { return one.Severity == SeverityError })
}

// Error renders the findings one a line, without source text:
//
//	pod.yaml:7:12: error: spec.containers[0].image: Required value [kubernetes-required]
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// String renders a finding in one line, leaving out what is unknown.
func (p Problem) String() string {
	var b strings.Builder
	if at := p.Pos.String(); at != "" {
		b.WriteString(at + ": ")
	}
	fmt.Fprintf(&b, "%s: ", p.Severity)
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	fmt.Fprintf(&b, "%s [%s]", p.Message, p.Rule)
	return b.String()
}

// String gives file:line:column as far as they are known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Sort orders findings by position, then path, then rule, and drops exact repetitions, which two
// layers that look at the same field may make. It works in place.
func Sort(problems Problems) Problems {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(problems, func(a, b Problem) bool { return a == b })
}

// Merge gives the findings of several layers, sorted.
func Merge(layers ...Problems) Problems {
	return Sort(slices.Concat(layers...))
}
