package apply

import (
	"context"

	"github.com/podup/podup/plan"
)

// Executor carries out plans.
type Executor struct {
	Engine   Engine
	Parallel int         // engine calls at a time; 0 is 8
	Notify   func(Event) // called from one goroutine at a time; may be nil
}

// Run carries out a plan.
func (x *Executor) Run(ctx context.Context, p plan.Plan) Result { return Result{} }
