package plan

import "slices"

// builder collects changes and steps. An index below 0 stands for a step there is no need of.
type builder struct{ plan Plan }

const none = -1

func (b *builder) change(action Action, object string, reasons ...string) int {
	b.plan.Changes = append(b.plan.Changes, Change{Action: action, Object: object, Reasons: reasons})
	return len(b.plan.Changes) - 1
}

func (b *builder) step(change int, scope string, op Op, after []int, undo ...Op) int {
	after = slices.DeleteFunc(slices.Clone(after), func(i int) bool { return i < 0 })
	slices.Sort(after)
	b.plan.Steps = append(b.plan.Steps, Step{
		Op: op, Undo: undo, Scope: scope, Change: change, After: slices.Compact(after),
	})
	return len(b.plan.Steps) - 1
}

// next is the index the next step will have.
func (b *builder) next() int { return len(b.plan.Steps) }

// ends gives the steps from index lo on that no other step comes after.
func (b *builder) ends(lo int) []int {
	inner := map[int]bool{}
	for _, step := range b.plan.Steps {
		for _, i := range step.After {
			inner[i] = true
		}
	}
	var ends []int
	for i := lo; i < len(b.plan.Steps); i++ {
		if !inner[i] {
			ends = append(ends, i)
		}
	}
	return ends
}
