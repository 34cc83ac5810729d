package plan

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Empty says that there is nothing to do.
func (p Plan) Empty() bool { return len(p.Steps) == 0 && len(p.Changes) == 0 }

// Quiet says that nothing changes in the engine: what does, if the plan is not empty, a supervisor
// reads from the release.
func (p Plan) Quiet() bool { return len(p.Steps) == 0 }

// Supervision are the changes that are a supervisor's alone.
func (p Plan) Supervision() []Change {
	made := map[int]bool{}
	for _, step := range p.Steps {
		made[step.Change] = true
	}
	var changes []Change
	for i, c := range p.Changes {
		if c.Action == ActionUpdate && !made[i] {
			changes = append(changes, c)
		}
	}
	return changes
}

// Pulls is the part of the plan that only fills the image store: the phase before anything else.
func (p Plan) Pulls() Plan {
	b := &builder{plan: Plan{Project: p.Project}}
	changes := map[int]int{}
	for _, step := range p.Steps {
		if _, ok := step.Op.(PullImage); !ok {
			continue
		}
		if _, ok := changes[step.Change]; !ok {
			changes[step.Change] = len(b.plan.Changes)
			b.plan.Changes = append(b.plan.Changes, p.Changes[step.Change])
		}
		b.step(changes[step.Change], step.Scope, step.Op, nil)
	}
	return b.plan
}

// objectWidth bounds the column of objects: an image with its registry would push all reasons away.
const objectWidth = 32

// String shows the changes, one a line with its reason, further reasons below the first, then what
// stands in the way or is left alone, and last how many changes of which kind:
//
//	  create volume/web-cache   does not exist
//	 replace container/web-app  image: nginx:1.26 → nginx:1.27
//	                            env LOG: removed
//	1 to create, 1 to replace
//
// Without changes the last line is "nothing to do".
func (p Plan) String() string {
	var rows []row
	for _, c := range p.Changes {
		rows = append(rows, row{string(c.Action), c.Object, c.Reasons})
	}
	for _, c := range p.Conflicts {
		rows = append(rows, row{"conflict", c.Object, []string{"taken: " + c.Owner}})
	}
	for _, image := range p.Missing {
		rows = append(rows, row{"missing", "image/" + image, []string{"not in the store, and imagePullPolicy is Never"}})
	}
	for _, name := range p.Orphans {
		rows = append(rows, row{"orphan", "pod/" + name, []string{"no longer in the manifests; --prune removes it"}})
	}
	var text strings.Builder
	table(&text, rows)
	for _, note := range p.Notes {
		text.WriteString("  note: " + note + "\n")
	}
	text.WriteString(p.count() + "\n")
	return text.String()
}

type row struct {
	word, object string
	reasons      []string
}

func table(text *strings.Builder, rows []row) {
	words, objects := 0, 0
	for _, r := range rows {
		words = max(words, len(r.word))
		if n := utf8.RuneCountInString(r.object); n <= objectWidth {
			objects = max(objects, n)
		}
	}
	for _, r := range rows {
		lead := fmt.Sprintf("  %*s %-*s", words, r.word, objects, r.object)
		for i, reason := range r.reasons {
			if i > 0 {
				lead = strings.Repeat(" ", 2+words+1+objects)
			}
			text.WriteString(lead + "  " + reason + "\n")
		}
	}
}

// count is the last line.
func (p Plan) count() string {
	var parts []string
	for _, action := range []Action{ActionPull, ActionCreate, ActionReplace, ActionUpdate, ActionStart, ActionStop, ActionRestart, ActionRemove} {
		n := 0
		for _, c := range p.Changes {
			if c.Action == action {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, action))
		}
	}
	switch blocked := len(p.Conflicts) + len(p.Missing); {
	case blocked > 0 && len(parts) > 0:
		return strings.Join(parts, ", ") + ", and nothing of it can be done"
	case blocked > 0:
		return "nothing can be done"
	case len(parts) == 0:
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// Script shows the steps, one a line: index, operation, the steps it comes after, its scope and how
// it is taken back.
//
//	3 start container/web-app  after 1 2  in pod/web  undo stop container/web-app within 30s
func (p Plan) Script() string {
	var text strings.Builder
	for i, step := range p.Steps {
		fmt.Fprintf(&text, "%d %s", i, step.Op)
		if len(step.After) > 0 {
			text.WriteString("  after")
			for _, after := range step.After {
				text.WriteString(" " + strconv.Itoa(after))
			}
		}
		if step.Scope != "" {
			text.WriteString("  in " + step.Scope)
		}
		for j, undo := range step.Undo {
			lead := "  undo "
			if j > 0 {
				lead = ", "
			}
			text.WriteString(lead + undo.String())
		}
		text.WriteByte('\n')
	}
	return text.String()
}
