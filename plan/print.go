package plan

// Empty says that there is nothing to do.
func (p Plan) Empty() bool { return len(p.Steps) == 0 }

// Pulls is the part of the plan that only fills the image store: the phase before anything else.
func (p Plan) Pulls() Plan { return Plan{Project: p.Project} }

// String shows the changes.
func (p Plan) String() string { return "" }

// Script shows the steps.
func (p Plan) Script() string { return "" }
