package cmd

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// parse runs a command line through the command that build makes and gives the options its run
// function was called with.
func parse[T any](t *testing.T, build func(*app, func(context.Context, *T) error) *cobra.Command, args ...string) (*app, *T) {
	t.Helper()
	a := &app{}
	var got *T
	command := build(a, func(_ context.Context, opts *T) error {
		got = opts
		return nil
	})
	root := &cobra.Command{Use: "podup", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(command)
	root.SetArgs(append([]string{command.Name()}, args...))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if got == nil {
		t.Fatalf("%q: the run function was not called", args)
	}
	return a, got
}

func TestUpTakesItsOptions(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		files []string
		want  func(*upOptions)
	}{
		"nothing":           {nil, nil, func(*upOptions) {}},
		"files in order":    {[]string{"-f", "a.yaml", "--file", "b,c.yaml", "-f", "-"}, []string{"a.yaml", "b,c.yaml", "-"}, func(*upOptions) {}},
		"detached":          {[]string{"-d"}, nil, func(o *upOptions) { o.detach = true }},
		"waiting":           {[]string{"--wait"}, nil, func(o *upOptions) { o.wait, o.detach = true, true }},
		"waiting for long":  {[]string{"-d", "--wait", "--wait-timeout", "1h"}, nil, func(o *upOptions) { o.wait, o.detach, o.waitTimeout = true, true, patience(time.Hour) }},
		"a dry run":         {[]string{"--dry-run"}, nil, func(o *upOptions) { o.dryRun = true }},
		"pruning":           {[]string{"--prune"}, nil, func(o *upOptions) { o.prune = true }},
		"everything anew":   {[]string{"--force-recreate", "--renew-volumes"}, nil, func(o *upOptions) { o.forceRecreate, o.renewVolumes = true, true }},
		"strictly":          {[]string{"--strict"}, nil, func(o *upOptions) { o.strict = true }},
		"another network":   {[]string{"--network", "pasta"}, nil, func(o *upOptions) { o.network = "pasta" }},
		"pulling":           {[]string{"--pull", "always"}, nil, func(o *upOptions) { o.pull.value = "always" }},
		"a time in seconds": {[]string{"--timeout", "7"}, nil, func(o *upOptions) { o.timeout = grace{"7", 7 * time.Second} }},
		"a longer time":     {[]string{"--timeout", "1m30s"}, nil, func(o *upOptions) { o.timeout = grace{"1m30s", 90 * time.Second} }},
		"some pods":         {[]string{"web", "-d", "db"}, nil, func(o *upOptions) { o.detach, o.pods = true, []string{"web", "db"} }},
	} {
		t.Run(name, func(t *testing.T) {
			a, got := parse(t, newUpCommand, test.args...)
			want := &upOptions{app: a, pull: pullFlag(), pods: []string{}, waitTimeout: patience(5 * time.Minute)}
			test.want(want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("options %+v, want %+v", got, want)
			}
			if !reflect.DeepEqual(a.files, test.files) {
				t.Errorf("files %q, want %q", a.files, test.files)
			}
		})
	}
}

func TestTheOtherCommandsTakeTheirOptions(t *testing.T) {
	a, validate := parse(t, newValidateCommand, "-f", "x", "--strict", "--network", "host", "-o", "json")
	want := &validateOptions{app: a, strict: true, network: "host", output: outputFlag()}
	want.output.value = outputJSON
	if !reflect.DeepEqual(validate, want) || a.files[0] != "x" {
		t.Errorf("validate: %+v", validate)
	}

	_, diff := parse(t, newDiffCommand, "--prune", "--pull", "never", "-o", "json", "web")
	if !diff.prune || diff.pull.value != "never" || diff.output.value != outputJSON || diff.pods[0] != "web" || diff.detach {
		t.Errorf("diff: %+v", diff)
	}

	a, down := parse(t, newDownCommand, "--volumes", "--timeout", "0", "-f", "gone.yaml", "web")
	if wantDown := (&downOptions{app: a, pods: []string{"web"}, volumes: true, timeout: grace{text: "0"}}); !reflect.DeepEqual(down, wantDown) {
		t.Errorf("down: %+v", down)
	}
	if down.timeout.value() != 0 {
		t.Errorf("--timeout 0 is %v", down.timeout.value())
	}
	if _, down = parse(t, newDownCommand); down.timeout.value() >= 0 {
		t.Errorf("no --timeout is %v", down.timeout.value())
	}

	_, history := parse(t, newHistoryCommand, "-o", "json")
	if history.output.value != outputJSON {
		t.Errorf("history: %+v", history)
	}

	_, rollback := parse(t, newRollbackCommand, "3", "--dry-run", "--prune", "--renew-volumes", "--pull", "missing", "--timeout", "1s")
	if rollback.number != 3 || !rollback.dryRun || !rollback.prune || !rollback.renew || rollback.pull.value != "missing" || rollback.timeout.value() != time.Second {
		t.Errorf("rollback: %+v", rollback)
	}
	if _, rollback = parse(t, newRollbackCommand); rollback.number != 0 {
		t.Errorf("rollback: %+v", rollback)
	}
}
