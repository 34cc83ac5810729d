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
	if scope == "" {
		undo = nil // nothing calls for it
	}
	after = slices.DeleteFunc(slices.Clone(after), func(i int) bool { return i < 0 })
	slices.Sort(after)
	b.plan.Steps = append(b.plan.Steps, Step{
		Op: op, Undo: undo, Scope: scope, Change: change, After: slices.Compact(after),
	})
	return len(b.plan.Steps) - 1
}

// next is the index the next step will have.
func (b *builder) next() int { return len(b.plan.Steps) }

// ends gives the steps from index lo up to hi that no other step comes after.
func (b *builder) ends(lo, hi int) []int {
	return b.last(lo, hi, func(Step) bool { return true })
}

// scopeEnds gives steps after which all of a scope is done, so that nothing of it goes back any more.
func (b *builder) scopeEnds(scope string) []int {
	return b.last(0, b.next(), func(step Step) bool { return step.Scope == scope })
}

// last gives those of some steps that none of them comes after.
func (b *builder) last(lo, hi int, of func(Step) bool) []int {
	inner := map[int]bool{}
	for _, step := range b.plan.Steps[lo:hi] {
		if of(step) {
			for _, i := range step.After {
				inner[i] = true
			}
		}
	}
	var ends []int
	for i := lo; i < hi; i++ {
		if of(b.plan.Steps[i]) && !inner[i] {
			ends = append(ends, i)
		}
	}
	return ends
}
