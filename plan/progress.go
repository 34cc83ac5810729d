package plan

// PullProgress is what a registry transfer has come to. Text is the engine's own line.
type PullProgress struct{ Text string }
