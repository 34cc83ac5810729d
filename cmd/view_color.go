package cmd

import (
	"io"

	"github.com/fatih/color"

	"github.com/podup/podup/plan"
)

// palette colours text for one stream, or leaves it as it is.
type palette struct{ on bool }

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// newPalette decides whether a stream is coloured. The flag wins; then NO_COLOR, if not empty, turns
// colour off (no-color.org); then CLICOLOR_FORCE, if neither empty nor 0, turns it on
// (bixense.com/clicolors); then TERM=dumb and a stream that is no terminal turn it off.
func newPalette(stream io.Writer, getenv func(string) string, mode string) palette {
	switch mode {
	case colorAlways:
		return palette{on: true}
	case colorNever:
		return palette{}
	}
	if getenv("NO_COLOR") != "" {
		return palette{}
	}
	if force := getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return palette{on: true}
	}
	if getenv("TERM") == "dumb" {
		return palette{}
	}
	return palette{on: isTerminal(stream)}
}

func (p palette) paint(text string, attributes ...color.Attribute) string {
	if !p.on || text == "" {
		return text
	}
	c := color.New(attributes...)
	// The library's own decision looks at standard output alone.
	c.EnableColor()
	return c.Sprint(text)
}

func (p palette) bold(text string) string   { return p.paint(text, color.Bold) }
func (p palette) faint(text string) string  { return p.paint(text, color.Faint) }
func (p palette) red(text string) string    { return p.paint(text, color.FgRed) }
func (p palette) green(text string) string  { return p.paint(text, color.FgGreen) }
func (p palette) yellow(text string) string { return p.paint(text, color.FgYellow) }
func (p palette) cyan(text string) string   { return p.paint(text, color.FgCyan) }

// action colours text by what happens to an object.
func (p palette) action(action plan.Action, text string) string {
	switch action {
	case plan.ActionCreate, plan.ActionStart, plan.ActionPull:
		return p.green(text)
	case plan.ActionReplace, plan.ActionUpdate, plan.ActionStop, plan.ActionRestart:
		return p.yellow(text)
	case plan.ActionRemove:
		return p.red(text)
	}
	return text
}
