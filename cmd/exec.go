package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// exitExec is the exit code of `podup exec` for its own failures, as podman's: the command's codes
// are passed on, and 126 and 127 say that it could not be run or was not found.
const exitExec = 125

type execFlags struct {
	stdin, tty bool
	env        []string
}

func newExecCommand(a *app) *cobra.Command {
	var flags execFlags
	command := &cobra.Command{
		Use:   "exec [flags] POD[/CONTAINER] -- COMMAND [ARGUMENT...]",
		Short: "Run a command in a container",

		DisableFlagsInUseLine: true,
		Long: `Run a command in a running container and pass on its exit code.

Where a pod has several containers and none is named, it is the first. Without -t no terminal is
given to the command, also where podup has one, as with kubectl. Exit codes are the command's;
125 says that podup failed, 126 that the command cannot be run, 127 that it was not found.`,
		Example: `  podup exec web -- ls -l /data
  podup exec -it web/app -- sh
  podup exec -e LANG=C web -- env`,
		ValidArgsFunction: a.completeExec,
		RunE: func(command *cobra.Command, args []string) error {
			if dash := command.ArgsLenAtDash(); dash == 0 || dash > 1 {
				return usagef("exec: one POD[/CONTAINER] stands before --")
			}
			if len(args) == 0 {
				return usagef("exec: say where to run which command: podup exec POD[/CONTAINER] -- COMMAND")
			}
			if len(args) < 2 {
				return usagef("exec: say which command to run: podup exec %s -- COMMAND", clean(args[0]))
			}
			return a.exec(command.Context(), flags, args[0], args[1:])
		},
	}
	f := command.Flags()
	a.filesFlag(f, "f")
	f.BoolVarP(&flags.stdin, "stdin", "i", false, "pass standard input on")
	f.BoolVarP(&flags.tty, "tty", "t", false, "give the command a terminal")
	f.StringArrayVarP(&flags.env, "env", "e", nil, "set an environment variable, NAME=VALUE; NAME alone takes podup's own value")
	return command
}

func (a *app) exec(ctx context.Context, flags execFlags, target string, command []string) error {
	environment, err := a.execEnv(flags.env)
	if err != nil {
		return err
	}
	code, err := a.runExec(ctx, flags, target, command, environment)
	return commandExit(ctx, code, err)
}

// commandExit makes the end of a command in a container podup's own.
func commandExit(ctx context.Context, code int, err error) error {
	switch {
	case ctx.Err() != nil:
		return exit(exitInterrupted, nil)
	case err != nil:
		var chosen *exitError
		if errors.As(err, &chosen) {
			return err
		}
		return exit(exitExec, err)
	case code != 0:
		return exit(code, nil)
	}
	return nil
}

// execEnv completes the NAME=VALUE of --env.
func (a *app) execEnv(given []string) ([]string, error) {
	var env []string
	for _, one := range given {
		name, _, hasValue := strings.Cut(one, "=")
		if name == "" {
			return nil, usagef("exec: --env %q has no name: write NAME=VALUE", one)
		}
		if !hasValue {
			one = name + "=" + a.env.Getenv(name)
		}
		env = append(env, one)
	}
	return env, nil
}

func (a *app) runExec(ctx context.Context, flags execFlags, target string, command, env []string) (code int, err error) {
	project, engine, err := a.openProject(ctx)
	if err != nil {
		return 0, err
	}
	defer engine.Close()
	actual, err := engine.Observe(ctx, translate.Project{Name: project})
	if err != nil {
		return 0, err
	}
	if err := a.notHere(actual, target); err != nil {
		return 0, err
	}
	container, others, err := execTarget(actual, target)
	if err != nil {
		return 0, err
	}
	if container.Status != plan.Running {
		return 0, fmt.Errorf("container %s is not running: it is %s", clean(containerPath(container)), clean(string(container.Status)))
	}
	if len(others) > 0 {
		fmt.Fprintf(a.env.Err, "Defaulted container %s of %s\n",
			clean(containerPath(container)), clean(strings.Join(append([]string{containerPath(container)}, others...), ", ")))
	}

	opts := podmanapi.ExecOptions{Command: command, Env: env, TTY: flags.tty, Out: a.env.Out, Err: a.env.Err}
	if flags.stdin {
		opts.In = a.env.In
	}
	if flags.tty {
		restore, err := a.attachTerminal(ctx, flags.stdin, &opts)
		if err != nil {
			return 0, err
		}
		defer restore()
	}
	return engine.Exec(ctx, container.Name, opts)
}

// attachTerminal makes the user's terminal the command's: its size is passed on, and with stdin its
// keys are too, Ctrl-C included, until restore is called.
func (a *app) attachTerminal(ctx context.Context, stdin bool, opts *podmanapi.ExecOptions) (restore func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	restore = cancel
	if stdin {
		in, ok := a.env.In.(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			fmt.Fprintln(a.env.Err, "podup: warning: standard input is no terminal, keys are not passed on one by one")
		} else {
			state, err := term.MakeRaw(int(in.Fd()))
			if err != nil {
				cancel()
				return nil, fmt.Errorf("set up the terminal: %w", err)
			}
			restore = func() {
				cancel()
				_ = term.Restore(int(in.Fd()), state)
			}
		}
	}
	if isTerminal(a.env.Out) {
		opts.Resize = terminalSizes(ctx, a.env.Out)
	}
	return restore, nil
}

// terminalSizes gives the size of the terminal now and whenever it changes, until ctx ends.
func terminalSizes(ctx context.Context, out io.Writer) <-chan podmanapi.TerminalSize {
	sizes := make(chan podmanapi.TerminalSize, 1)
	changed, stop := resizes()
	go func() {
		defer close(sizes)
		defer stop()
		var last podmanapi.TerminalSize
		for {
			width, height, ok := terminalSize(out)
			size := podmanapi.TerminalSize{Width: cellsOf(width), Height: cellsOf(height)}
			if ok && size != last {
				last = size
				select {
				case sizes <- size:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return sizes
}

func cellsOf(n int) uint16 { return uint16(min(max(n, 0), 1<<16-1)) } //nolint:gosec // bounded
