package cmd

import (
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
)

// formatVersion is the version of every JSON document and stream podup writes. The minor number
// grows with additions, which a reader must ignore; the major number with anything else.
const formatVersion = "1.0"

// view shows a user what a command found and does. Data goes to standard output, everything else
// to standard error. Its methods may be called from several goroutines.
type view interface {
	// Problems shows findings about manifests: on standard error with the source line and a caret,
	// or, for -o json, as a document on standard output.
	Problems(manifest.Problems)
	// Plan shows a plan on standard output.
	Plan(plan.Plan)
	// Begin, Event and End show how a plan is carried out: Begin once before the first Event, End
	// after the last. The three may be repeated with another plan. End says whether the errors of
	// the steps have been shown, so that nobody repeats them.
	Begin(plan.Plan)
	Event(apply.Event)
	End(apply.Result) (shown bool)
	// Note shows a line that belongs to no step.
	Note(string)
}

// viewOptions say how to show it. Empty strings are "auto" and text.
type viewOptions struct {
	Progress string // auto, tty, plain, json, quiet
	Color    string // auto, always, never
	Output   string // "" or json: what Problems and Plan write

	now    func() time.Time // nil is time.Now
	stream *jsonStream      // of standard error, for --progress json; nil is a new one
}

// The values of --progress.
const (
	progressAuto  = "auto"
	progressTTY   = "tty"
	progressPlain = "plain"
	progressJSON  = "json"
	progressQuiet = "quiet"
)

const outputJSON = "json"

// progress shows how a plan is carried out and the notes between; a view is one of these joined
// with a document.
type progress interface {
	Begin(plan.Plan)
	Event(apply.Event)
	End(apply.Result) (shown bool)
	Note(string)
}

// document shows findings and plans.
type document interface {
	Problems(manifest.Problems)
	Plan(plan.Plan)
}

type joinedView struct {
	document
	progress
}

// newView makes the view for a command. Nothing live is shown where standard error is no terminal,
// not even with --progress tty: the control sequences would end up in a file.
func newView(env Env, opts viewOptions) view {
	if opts.now == nil {
		opts.now = time.Now
	}
	errColor := newPalette(env.Err, env.Getenv, opts.Color)
	outColor := newPalette(env.Out, env.Getenv, opts.Color)
	width, _, live := terminalSize(env.Err)
	if env.Getenv("TERM") == "dumb" {
		live = false
	}

	var shown progress
	mode := opts.Progress
	if (mode == "" || mode == progressAuto || mode == progressTTY) && !live {
		mode = progressPlain
	}
	switch mode {
	case progressJSON:
		if opts.stream == nil {
			opts.stream = newJSONStream(env.Err)
		}
		shown = newJSONProgress(opts.stream, opts.now)
	case progressQuiet:
		shown = quietProgress{}
	case progressPlain:
		shown = newPlainProgress(env.Err, errColor, opts.now)
	default:
		shown = newLiveProgress(env.Err, errColor, opts.now)
	}

	var doc document
	switch {
	case opts.Output == outputJSON:
		doc = jsonDocument{out: env.Out}
	case mode == progressJSON:
		doc = streamDocument{textDocument{out: env.Out, outColor: outColor}, opts.stream}
	default:
		doc = textDocument{out: env.Out, outColor: outColor, err: env.Err, errColor: errColor, width: width}
	}
	return joinedView{doc, shown}
}
