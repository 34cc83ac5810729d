package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// app is what all commands share: the world and the global flags.
type app struct {
	env     Env
	started bool // a run function has begun: from here on errors are no longer about usage
	warned  map[string]bool
	warning sync.Mutex  // of warned
	stream  *jsonStream // of standard error, with --progress json; use messages

	project  string // --project; use projectName
	url      string
	progress enum
	color    enum
	files    []string // -f, of the commands that have it
}

// view makes the view the global flags ask for; output is "" or "json".
func (a *app) view(output string) view {
	return newView(a.env, viewOptions{
		Progress: a.progress.value, Color: a.color.value, Output: output, stream: a.messages(),
	})
}

// warn says something once.
func (a *app) warn(text string) {
	a.warning.Lock()
	defer a.warning.Unlock()
	if a.warned[text] {
		return
	}
	if a.warned == nil {
		a.warned = map[string]bool{}
	}
	a.warned[text] = true
	if stream := a.messages(); stream != nil {
		_ = stream.message("warning", text)
		return
	}
	fmt.Fprintf(a.env.Err, "podup: warning: %s\n", cleanLines(text))
}

// newRootCommand builds the whole tree of commands.
func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "podup",
		Short: "Run Kubernetes Pod manifests on Podman, and keep them as they are written",
		Long: `podup runs Kubernetes v1 Pod manifests on Podman.

It compares what the manifests say with what the engine has, and changes only the
difference. Nothing has to be set up: podup uses the Podman it finds.`,
		Example: `  podup validate -f pod.yaml
  podup up -d -f pod.yaml
  podup ps
  podup down`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.started = true
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(a.env.In)
	root.SetOut(a.env.Out)
	root.SetErr(a.env.Err)
	root.SetFlagErrorFunc(suggestFlag)
	root.DisableSuggestions = true // suggestCommand
	root.Version = clientVersion().describe()
	root.SetVersionTemplate("podup {{.Version}}\n")

	a.progress = enum{value: "auto", allowed: []string{"auto", "tty", "plain", "json", "quiet"}}
	a.color = enum{value: "auto", allowed: []string{"auto", "always", "never"}}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.project, "project", "p", "", "name of the project (default: $PODUP_PROJECT, else the name of the first file's directory)")
	flags.StringVar(&a.url, "url", "", "address of the Podman service (default: $CONTAINER_HOST, else the one podup finds)")
	flags.Var(&a.progress, "progress", "how progress is shown: auto, tty, plain, json or quiet")
	flags.Var(&a.color, "color", "when to use colour: auto, always or never")

	root.AddCommand(
		newValidateCommand(a, nil), newUpCommand(a, nil), newDiffCommand(a, nil), newDownCommand(a, nil),
		newHistoryCommand(a, nil), newRollbackCommand(a, nil),
		newInstallCommand(a, nil), newUninstallCommand(a, nil),
		newPsCommand(a), newLsCommand(a), newLogsCommand(a), newExecCommand(a), newDebugCommand(a),
		newStatusCommand(a, nil), newDescribeCommand(a, nil), newEventsCommand(a, nil), newGetCommand(a, nil), newWaitCommand(a, nil),
		newStopCommand(a, nil), newStartCommand(a, nil), newRestartCommand(a, nil),
		newGenerateCommand(newGenerateQuadletCommand(a, nil), newGenerateSystemdCommand(a, nil)),
		newExplainCommand(a), newOwnCommand(), newVersionCommand(a), newSuperviseCommand(a), newNetnsCommand(a), newCompletionCommand(a), newExitCodesTopic(a),
	)
	helpOnKnown(root)
	return root
}

// filesFlag gives a command --file, with -f unless the letter means something else there.
func (a *app) filesFlag(flags *pflag.FlagSet, shorthand string) {
	flags.StringArrayVarP(&a.files, "file", shorthand, nil,
		"manifest file, directory, or - for standard input; may be repeated (default: pod.yaml or podup.yaml)")
}

// enum is a flag with a closed set of values.
type enum struct {
	value   string
	allowed []string
}

func (e *enum) String() string { return e.value }
func (e *enum) Type() string   { return "string" }

func (e *enum) Set(value string) error {
	if !slices.Contains(e.allowed, value) {
		last := len(e.allowed) - 1
		return fmt.Errorf("it is one of %s or %s", strings.Join(e.allowed[:last], ", "), e.allowed[last])
	}
	e.value = value
	return nil
}

// defaultFiles are what -f means when it is left out, in this order.
func defaultFiles() []string { return []string{"pod.yaml", "podup.yaml"} }

// manifests are the paths to read: those of -f, else the one of the current directory.
func (a *app) manifests() ([]string, error) {
	if len(a.files) > 0 {
		return a.files, nil
	}
	for _, name := range defaultFiles() {
		if _, err := os.Stat(name); err == nil {
			return []string{name}, nil
		}
	}
	return nil, usagef("no manifest: give one with -f, or run podup where there is a %s",
		strings.Join(defaultFiles(), " or a "))
}

// projectRule is a subset of what Podman allows in names: no dots, which separate the parts of the
// names podup derives from a project's.
var projectRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// projectName is --project, else $PODUP_PROJECT, else the name of the directory of the first
// manifest, else that of the current directory.
func (a *app) projectName() (string, error) {
	for _, named := range []struct{ origin, value string }{
		{"--project", a.project},
		{"$PODUP_PROJECT", a.env.Getenv("PODUP_PROJECT")},
	} {
		if named.value == "" {
			continue
		}
		if !projectRule.MatchString(named.value) {
			return "", usagef("%s: %q is no project name: use at most 63 lower-case letters, digits, - and _, and begin with a letter or digit", named.origin, named.value)
		}
		return named.value, nil
	}
	dir, err := a.projectDir()
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	name := sanitize(filepath.Base(dir))
	if name == "" {
		return "", usagef("the directory %s gives no project name: give one with --project", dir)
	}
	return name, nil
}

// existingProject is projectName for commands that read no manifest: there a -f of which there is
// nothing would quietly name a project.
func (a *app) existingProject() (string, error) {
	for _, file := range a.files {
		if file == "-" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return "", exit(exitManifest, fmt.Errorf("find the project of a manifest that cannot be read: %w: --project names one without a manifest", err))
		}
	}
	return a.projectName()
}

// projectDir is the directory that names the project.
func (a *app) projectDir() (string, error) {
	if len(a.files) == 0 || a.files[0] == "-" {
		return os.Getwd()
	}
	path, err := filepath.Abs(a.files[0])
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path, nil
	}
	return filepath.Dir(path), nil
}

// sanitize makes a project name of a directory's name.
func sanitize(name string) string {
	name = regexp.MustCompile(`[^a-z0-9_-]+`).ReplaceAllString(strings.ToLower(name), "-")
	name = strings.TrimLeft(name, "-_")
	if len(name) > 63 {
		name = name[:63]
	}
	return strings.TrimRight(name, "-_")
}
