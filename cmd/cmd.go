// Package cmd is the command line: one file per command, each flags → options → run function. It
// joins the other packages and decides nothing about pods.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/systemd"
)

// Env is the world a command runs in. Data goes to Out; messages and progress go to Err.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	// Connect opens the engine; it is called only by commands that need one, when they need it.
	Connect func(ctx context.Context, opts podmanapi.Options) (Engine, error)
	// Program is the path of podup itself, for what it runs beside itself: supervisors, and what works in
	// the engine's namespaces. Without it nothing is started, and network probes cannot be made.
	Program string
	// Units are where units live, and who runs them; nil is this machine and user.
	Units *systemd.Host
	// Exit ends the process at once, without any return; nil is os.Exit.
	Exit func(code int)
}

// Exit codes of podup. `podup help exit-codes` prints them; `podup exec` gives the command's own.
const (
	exitDone        = 0
	exitFailed      = 1 // diff: there are differences
	exitUsage       = 2
	exitManifest    = 3 // the manifest is invalid
	exitEngine      = 4 // the engine cannot be reached or is too old
	exitDiffFailed  = 5 // diff: any failure but 2, 3, 4 and 130
	exitPods        = 6 // of up for a service manager: no pod will ever be up
	exitInterrupted = 130
)

// exitError carries the exit code a command has chosen. A nil err means that everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exit ends a command with a code; err is printed unless it is nil.
func exit(code int, err error) error { return &exitError{code: code, err: err} }

// usagef is a mistake in how the command was called, exit code 2.
func usagef(format string, args ...any) error {
	return exit(exitUsage, fmt.Errorf(format, args...))
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(ctx context.Context, err error) int {
	var chosen *exitError
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil:
		// Whatever went wrong after the interrupt went wrong because of it.
		return exitInterrupted
	case errors.As(err, &chosen):
		return chosen.code
	case podmanapi.Unreachable(err):
		return exitEngine
	default:
		return exitFailed
	}
}

// Main runs podup with args, without the program's name, and returns the exit code. A cancelled ctx
// is the user's interrupt.
func Main(ctx context.Context, env Env, args []string) int {
	a := &app{env: env}
	root := newRootCommand(a)
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !a.started {
		// Before a run function has begun only the command line itself can be wrong.
		text := strings.TrimSpace(err.Error())
		if word, ok := unknownCommand(err); ok {
			text += explainUnknown(root, word)
		}
		err = exit(exitUsage, fmt.Errorf("%s\nRun '%s --help' for usage", text, command.CommandPath()))
	}
	a.report(err)
	return exitCode(ctx, err)
}

// report prints what has not been said yet, one line for each joined error.
func report(w io.Writer, err error) {
	if chosen := (*exitError)(nil); err == nil || errors.As(err, &chosen) && chosen.err == nil {
		return
	}
	for _, one := range unsaid(err) {
		// Error texts hold what engines and manifests say, in any number of lines.
		fmt.Fprintf(w, "podup: %s\n", strings.ReplaceAll(cleanLines(strings.TrimRight(one.Error(), "\n")), "\n", "\n  "))
	}
}

// flatten takes errors.Join apart; an error that only wraps several keeps its own text.
func flatten(err error) []error {
	var chosen *exitError
	if errors.As(err, &chosen) && chosen == err { //nolint:errorlint // only the outermost is opened
		return flatten(chosen.err)
	}
	joined, ok := err.(interface{ Unwrap() []error }) // only the outermost is opened
	if !ok {
		return []error{err}
	}
	parts := make([]string, 0, len(joined.Unwrap()))
	for _, part := range joined.Unwrap() {
		parts = append(parts, part.Error())
	}
	if strings.Join(parts, "\n") != err.Error() {
		return []error{err}
	}
	var all []error
	for _, part := range joined.Unwrap() {
		all = append(all, flatten(part)...)
	}
	return all
}
