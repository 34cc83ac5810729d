package quadlet

import (
	"fmt"
	"strings"
)

// supervised is the way out of most that units cannot say.
const supervised = "podup generate systemd writes one service that does all that the manifest says"

// Refusal is something of the manifest that cannot be written as units at all.
type Refusal struct {
	Pod   string
	Field string // "spec.containers[app].args[1]"
	Text  string // why, and the way out
}

// RefusedError is the error of Generate: everything that stands in the way, in manifest order.
type RefusedError []Refusal

func (r RefusedError) Error() string {
	lines := make([]string, len(r))
	for i, refusal := range r {
		lines[i] = fmt.Sprintf("pod/%s: %s: %s", refusal.Pod, refusal.Field, refusal.Text)
	}
	return "these cannot be written as Quadlet units:\n  " + strings.Join(lines, "\n  ")
}

// Loss is the text without the way out, for who names that once for many; supervision says that it is a service in
// which podup leads the pods.
func (n Note) Loss() (text string, supervision bool) {
	return strings.CutSuffix(n.Text, "; "+supervised)
}

func (g *generator) refuse(pod, field, text string) {
	g.refused = append(g.refused, Refusal{pod, field, text})
}

func (g *generator) note(unit, field, text string) {
	g.set.Notes = append(g.set.Notes, Note{unit, field, text})
}

// notesOf are those that a unit's comments say.
func (g *generator) notesOf(unit string) []Note {
	var notes []Note
	for _, note := range g.set.Notes {
		if note.Unit == unit {
			notes = append(notes, note)
		}
	}
	return notes
}
