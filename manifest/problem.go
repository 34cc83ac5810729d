package manifest

import "k8s.io/apimachinery/pkg/util/validation/field"

// Severity says whether a problem stops the command.
type Severity string

// The severities, as they are printed.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one finding about a manifest. Rule is stable and starts with "yaml-", "kubernetes-" or
// "podup-". Message says what is wrong and, where there is one, the way out. Source is the text of
// the line Pos points at, without its newline.
type Problem struct {
	Pos      Pos
	Path     string // field path, "spec.containers[0].image"; empty for the whole document
	Rule     string
	Message  string
	Severity Severity
	Source   string
}

// Problems are findings sorted by position, then path, then rule. Findings are not failures: only
// HasErrors makes them stop a command.
type Problems []Problem //nolint:errname // some of them are only warnings

// At makes an error of a rule at a field of the document.
func (d Document[T]) At(path *field.Path, rule, message string) Problem {
	return d.problem(path, SeverityError, rule, message)
}

// WarnAt makes a warning of a rule at a field of the document.
func (d Document[T]) WarnAt(path *field.Path, rule, message string) Problem {
	return d.problem(path, SeverityWarning, rule, message)
}
