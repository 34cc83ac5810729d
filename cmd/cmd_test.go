package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/podup/podup/podmanapi"
)

// outcome is what a run of podup leaves behind.
type outcome struct {
	code     int
	out, err string
}

// noEngine is the world of commands that must do without one.
func noEngine(t *testing.T) func(context.Context, podmanapi.Options) (Engine, error) {
	return func(context.Context, podmanapi.Options) (Engine, error) {
		t.Error("the engine was contacted")
		return nil, errors.New("no engine here")
	}
}

func runMain(t *testing.T, connect func(context.Context, podmanapi.Options) (Engine, error), stdin string, args ...string) outcome {
	t.Helper()
	return runMainIn(t.Context(), t, map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}, connect, stdin, args...)
}

func runMainIn(ctx context.Context, t *testing.T, environment map[string]string, connect func(context.Context, podmanapi.Options) (Engine, error), stdin string, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := Main(ctx, Env{
		In: strings.NewReader(stdin), Out: &out, Err: &err,
		Getenv:  func(name string) string { return environment[name] },
		Connect: connect,
	}, args)
	return outcome{code, out.String(), err.String()}
}

func TestMistakesOnTheCommandLineAreExitCode2AndSayWhatWasMeant(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"an unknown command":                 {[]string{"dwon"}, `podup: unknown command "dwon" for "podup": did you mean down?`},
		"an unknown command like no other":   {[]string{"frobnicate"}, `podup: unknown command "frobnicate" for "podup"` + "\n"},
		"an unknown flag":                    {[]string{"up", "--prunee"}, "unknown flag: --prunee: did you mean --prune?"},
		"an unknown global flag":             {[]string{"up", "--projekt", "x"}, "did you mean --project?"},
		"an unknown flag like no other":      {[]string{"up", "--frobnicate"}, "unknown flag: --frobnicate\n"},
		"an unknown letter":                  {[]string{"up", "-z"}, "unknown shorthand flag: 'z' in -z"},
		"a flag without its value":           {[]string{"up", "-f"}, "flag needs an argument: 'f' in -f"},
		"an unknown --progress":              {[]string{"up", "--progress", "fancy"}, "it is one of auto, tty, plain, json or quiet"},
		"an unknown --color":                 {[]string{"up", "--color", "blue"}, "it is one of auto, always or never"},
		"an unknown --pull":                  {[]string{"up", "--pull", "often"}, "it is one of always, missing or never"},
		"an unknown output":                  {[]string{"validate", "-o", "xml"}, "it is one of text or json"},
		"a negative --timeout":               {[]string{"down", "--timeout", "-3"}, "it is a number of seconds, or a duration such as 1m30s"},
		"a short word near many commands":    {[]string{"xs"}, `podup: unknown command "xs" for "podup"` + ": did you mean ls?\n"},
		"a word of another program":          {[]string{"apply", "-f", "x"}, `podup: unknown command "apply" for "podup": did you mean up?`},
		"a short word of another program":    {[]string{"rm", "web"}, `podup: unknown command "rm" for "podup": did you mean down?` + "\n"},
		"a flag of another program":          {[]string{"down", "--remove-orphans"}, "unknown flag: --remove-orphans: pods the manifests no longer name are removed with up --prune"},
		"build":                              {[]string{"build", "."}, `unknown command "build" for "podup": podman build -t localhost/NAME . makes an image`},
		"pull":                               {[]string{"pull"}, `unknown command "pull" for "podup": podup up pulls what is missing`},
		"run":                                {[]string{"run", "web", "sh"}, `unknown command "run" for "podup": podup up starts the pods of a manifest; podup exec -it POD`},
		"images":                             {[]string{"images"}, `unknown command "images" for "podup": podman images lists them`},
		"port":                               {[]string{"port", "web"}, `unknown command "port" for "podup": podup ps shows the ports`},
		"port-forward":                       {[]string{"port-forward", "web", "80"}, `unknown command "port-forward" for "podup": publish the port with hostPort`},
		"scale":                              {[]string{"scale", "web=3"}, `unknown command "scale" for "podup": a pod is there once`},
		"cp":                                 {[]string{"cp", "a", "web:/a"}, `unknown command "cp" for "podup": podman cp FILE POD-CONTAINER:PATH`},
		"top":                                {[]string{"top"}, `unknown command "top" for "podup": podman pod top POD`},
		"stats":                              {[]string{"stats"}, `unknown command "stats" for "podup": podman pod stats POD`},
		"help of a command there is not":     {[]string{"help", "build"}, `unknown command "build" for "podup": podman build -t localhost/NAME .`},
		"uninstall of nothing":               {[]string{"uninstall"}, "uninstall: name one project: podup uninstall PROJECT"},
		"uninstall of two projects":          {[]string{"uninstall", "a", "b"}, "uninstall: name one project: podup uninstall PROJECT"},
		"a container as with kubectl":        {[]string{"exec", "web", "-c", "app", "--", "ls"}, "POD/CONTAINER"},
		"a flag of the command in exec":      {[]string{"exec", "web", "ls", "-l"}, "unknown shorthand flag: 'l' in -l: flags of the command in the container stand after --"},
		"exec of nothing":                    {[]string{"exec"}, "podup exec POD[/CONTAINER] -- COMMAND"},
		"a file without -f":                  {[]string{"up", "-d", "pod.yaml"}, `"pod.yaml" is a file: give it with -f pod.yaml`},
		"a file without --file":              {[]string{"logs", "./manifests"}, `"./manifests" is a file: give it with --file ./manifests`},
		"a file where no argument is taken":  {[]string{"validate", "pod.yaml"}, `"pod.yaml" is a file: give it with -f pod.yaml`},
		"an argument where none is taken":    {[]string{"ls", "shop"}, `ls takes no arguments, and got "shop"`},
		"lines that are no number":           {[]string{"logs", "--tail", "few"}, "it is a number of lines, or all"},
		"no manifest at all":                 {[]string{"validate"}, "no manifest: give one with -f, or run podup where there is a pod.yaml or a podup.yaml"},
		"a release that is no number":        {[]string{"rollback", "first"}, `"first" is no release number`},
		"release 0":                          {[]string{"rollback", "0"}, `"0" is no release number`},
		"two releases":                       {[]string{"rollback", "1", "2"}, "one release can be brought back at a time"},
		"a project name that cannot be used": {[]string{"down", "-p", "My Shop"}, `--project: "My Shop" is no project name`},
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), "", test.args...)
			if got.code != 2 || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, output %q, message %q; want 2, none and %q", got.code, got.out, got.err, test.want)
			}
		})
	}
}

func TestPodupAlonePrintsHelp(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		got := runMain(t, noEngine(t), "", args...)
		if got.code != 0 || got.err != "" || !strings.Contains(got.out, "Available Commands:") {
			t.Errorf("%q: exit code %d, output %q, message %q", args, got.code, got.out, got.err)
		}
	}
}

// commands are all commands that do something, with the words that call them.
func commands(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	root := newRootCommand(&app{env: Env{Getenv: func(string) string { return "" }}})
	all := map[string]*cobra.Command{}
	var add func(parent *cobra.Command)
	add = func(parent *cobra.Command) {
		for _, command := range parent.Commands() {
			switch {
			case command.HasAvailableSubCommands():
				add(command)
			case command.IsAvailableCommand() && command.Name() != "help":
				all[strings.TrimPrefix(command.CommandPath(), "podup ")] = command
			}
		}
	}
	add(root)
	if len(all) < 10 {
		t.Fatalf("only %d commands found", len(all))
	}
	return all
}

func TestEveryCommandHasExamplesThatItsOwnFlagsAccept(t *testing.T) {
	for name, command := range commands(t) {
		if command.Short == "" {
			t.Errorf("%s has no description", name)
		}
		shown := 0
		for line := range strings.Lines(command.Example) {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "podup" {
				continue // a comment, or a line for the shell alone
			}
			shown++
			called := strings.Fields("podup " + name)
			if len(words) < len(called) || !slices.Equal(words[:len(called)], called) {
				t.Errorf("%s has an example of another command: %s", name, line)
				continue
			}
			fresh := commands(t)[name]
			args := shellArgs(words[len(called):])
			if err := fresh.ParseFlags(args); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
			if err := fresh.ValidateArgs(fresh.Flags().Args()); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
		}
		if shown == 0 {
			t.Errorf("%s has no example", name)
		}
	}
}

// shellArgs are the words up to where the shell takes over.
func shellArgs(words []string) []string {
	var args []string
	for _, word := range words {
		if strings.ContainsAny(word[:1], "|<>#") {
			break
		}
		args = append(args, strings.Trim(word, `'"`))
	}
	return args
}

func TestAnErrorHasOneExitCode(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"none":                               {t.Context(), nil, 0},
		"any":                                {t.Context(), errors.New("no"), 1},
		"a chosen one":                       {t.Context(), exit(3, nil), 3},
		"a chosen one that is wrapped":       {t.Context(), fmt.Errorf("run: %w", exit(5, errors.New("no"))), 5},
		"any after an interrupt":             {cancelled, errors.New("read: connection reset"), 130},
		"a cancelled call, not interrupted":  {t.Context(), context.Canceled, 1},
		"nothing wrong in spite of a signal": {cancelled, nil, 0},
	} {
		if got := exitCode(test.ctx, test.err); got != test.want {
			t.Errorf("%s: exit code %d, want %d", name, got, test.want)
		}
	}
}

func TestErrorsArePrintedOneByOneAndCannotSteerTheTerminal(t *testing.T) {
	var text bytes.Buffer
	report(&text, errors.Join(
		errors.New("first"),
		exit(1, errors.Join(errors.New("second\nwith detail"), fmt.Errorf("third: %w", fs.ErrNotExist))),
		errors.New("fourth \x1b[31mred\x07"),
	))
	want := "podup: first\npodup: second\n  with detail\npodup: third: file does not exist\npodup: fourth ?[31mred?\n"
	if text.String() != want {
		t.Errorf("printed %q, want %q", text.String(), want)
	}
	text.Reset()
	report(&text, exit(3, nil))
	report(&text, nil)
	if text.String() != "" {
		t.Errorf("printed %q, want nothing", text.String())
	}
}

func TestTheProjectIsNamedByTheFirstThatNamesIt(t *testing.T) {
	base := t.TempDir()
	for _, dir := range []string{"shop", "My Web.Site", "---", "deep/er"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		flag, variable string
		files          []string
		want, fails    string
	}{
		"the flag":                             {flag: "one", variable: "two", files: []string{"shop/pod.yaml"}, want: "one"},
		"the variable":                         {variable: "two", files: []string{"shop/pod.yaml"}, want: "two"},
		"the directory of the first file":      {files: []string{"shop/pod.yaml", "deep/er/pod.yaml"}, want: "shop"},
		"a directory given as such":            {files: []string{"deep/er"}, want: "er"},
		"a file that is not there":             {files: []string{"shop/gone.yaml"}, want: "shop"},
		"a directory with other letters":       {files: []string{"My Web.Site/pod.yaml"}, want: "my-web-site"},
		"standard input":                       {files: []string{"-"}, want: "here"},
		"nothing":                              {want: "here"},
		"a directory that gives no name":       {files: []string{"---/pod.yaml"}, fails: "gives no project name: give one with --project"},
		"a variable that cannot be a name":     {variable: "../x", fails: "$PODUP_PROJECT: \"../x\" is no project name"},
		"a flag that cannot be a name":         {flag: "A.b", fails: "--project: \"A.b\" is no project name"},
		"a flag that is too long":              {flag: strings.Repeat("a", 64), fails: "is no project name"},
		"a name that begins with a dash":       {flag: "-a", fails: "is no project name"},
		"a name as long as it may be":          {flag: strings.Repeat("a", 63), want: strings.Repeat("a", 63)},
		"letters, digits, dashes, underscores": {flag: "0a-b_c", want: "0a-b_c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(base)
			if len(test.files) == 0 || test.files[0] == "-" {
				if err := os.MkdirAll("here", 0o755); err != nil {
					t.Fatal(err)
				}
				t.Chdir("here")
			}
			a := &app{project: test.flag, files: test.files, env: Env{Getenv: func(name string) string {
				if name == "PODUP_PROJECT" {
					return test.variable
				}
				return ""
			}}}
			got, err := a.projectName()
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("project %q, error %v; want %q", got, err, test.fails)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("project %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestADirectoryOfAnyNameGivesAProjectNameOrNone(t *testing.T) {
	for _, dir := range []string{"a", "A B", "..", "éclair", "-x-", "_", strings.Repeat("y", 200), strings.Repeat("ab-", 100), "日本", "x.y.z"} {
		if name := sanitize(dir); name != "" && !projectRule.MatchString(name) {
			t.Errorf("%q gives %q", dir, name)
		}
	}
	if got := sanitize("My.Shop (old)"); got != "my-shop-old" {
		t.Errorf("got %q", got)
	}
}

func TestWithoutAFileTheManifestOfTheDirectoryIsTaken(t *testing.T) {
	t.Chdir(t.TempDir())
	a := &app{}
	write := func(name string) {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("podup.yaml")
	if got, err := a.manifests(); err != nil || len(got) != 1 || got[0] != "podup.yaml" {
		t.Errorf("%q, %v", got, err)
	}
	write("pod.yaml")
	if got, err := a.manifests(); err != nil || len(got) != 1 || got[0] != "pod.yaml" {
		t.Errorf("%q, %v", got, err)
	}
}
