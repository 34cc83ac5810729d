package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandWords are what other programs call the things podup does.
func commandWords(name string) []string {
	return map[string][]string{
		"up":       {"apply", "create", "deploy", "kube", "play"},
		"down":     {"delete", "destroy", "remove", "rm"},
		"ps":       {"list"},
		"describe": {"inspect"},
		"stop":     {"kill"},
		"diff":     {"plan"},
		"validate": {"check", "config", "lint"},
		"rollback": {"rollout", "undo"},
		"exec":     {"attach", "shell"},
	}[name]
}

// flagHint is what stands in podup for a flag of another program, "" for most.
func flagHint(command, flag string) string {
	switch flag {
	case "c", "container":
		if command == "exec" || command == "logs" {
			return "a container is named with its pod, POD/CONTAINER"
		}
	case "remove-orphans":
		return "pods the manifests no longer name are removed with up --prune"
	case "recreate", "replace", "force":
		return "up replaces what differs; --force-recreate replaces the rest, too"
	case "build":
		return "podup builds no images: podman build does, and up then replaces what runs of the old one"
	case "n", "namespace":
		return "there are no namespaces; what belongs together is a project, named with --project"
	}
	return ""
}

// otherWay is what to use for a command of another program that podup has none like, "" for most.
func otherWay(word string) string {
	return map[string]string{
		"build":        "podman build -t localhost/NAME . makes an image, which the manifest names and podup up then takes",
		"pull":         "podup up pulls what is missing; podup up --pull always looks for newer images, too",
		"images":       "podman images lists them",
		"push":         "podman push does",
		"run":          "podup up starts the pods of a manifest; podup exec -it POD -- COMMAND runs a command in one of them",
		"port":         "podup ps shows the ports",
		"port-forward": "publish the port with hostPort in the manifest; podup ps shows the ports",
		"scale":        "a pod is there once: write each one down, under a name of its own",
		"cp":           "podman cp FILE POD-CONTAINER:PATH; podup ps -q lists the names that Podman gives the containers",
		"top":          "podman pod top POD shows the processes of a pod",
		"stats":        "podman pod stats POD shows what a pod uses",
	}[word]
}

// explainUnknown says after an unknown command what was meant, or what does it instead: ": did you mean up?".
func explainUnknown(root *cobra.Command, word string) string {
	if way := otherWay(strings.ToLower(word)); way != "" {
		return ": " + way
	}
	if meant := suggestCommand(root, word); meant != "" {
		return ": did you mean " + meant + "?"
	}
	return ""
}

// suggestCommand takes the place of cobra's suggestions, which for a short word name every short command.
func suggestCommand(root *cobra.Command, word string) string {
	best, distance := "", 3
	for _, command := range root.Commands() {
		if !command.IsAvailableCommand() {
			continue
		}
		if slices.Contains(commandWords(command.Name()), strings.ToLower(word)) {
			return command.Name()
		}
		d := editDistance(command.Name(), strings.ToLower(word))
		if strings.HasPrefix(command.Name(), word) {
			d = min(d, 1)
		}
		if d < distance && 2*d <= len(word) {
			best, distance = command.Name(), d
		}
	}
	return best
}

// unknownCommand reads cobra's error about a word that is no command; cobra gives it no type.
func unknownCommand(err error) (word string, ok bool) {
	var parent string
	n, _ := fmt.Sscanf(err.Error(), "unknown command %q for %q", &word, &parent)
	return word, n == 2
}

// suggestFlag adds to an unknown flag which one was probably meant.
func suggestFlag(command *cobra.Command, err error) error {
	unknown := (*pflag.NotExistError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	if hint := flagHint(command.Name(), unknown.GetSpecifiedName()); hint != "" {
		return fmt.Errorf("%w: %s", err, hint)
	}
	if len(unknown.GetSpecifiedName()) > 1 {
		best, distance := "", 3
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			if d := editDistance(flag.Name, unknown.GetSpecifiedName()); d < distance && !flag.Hidden {
				best, distance = flag.Name, d
			}
		})
		if best != "" {
			return fmt.Errorf("%w: did you mean --%s?", err, best)
		}
	}
	if command.Name() == "exec" || command.Name() == "debug" {
		return fmt.Errorf("%w: flags of the command in the container stand after --, as in podup %s web -- ls -l", err, command.Name())
	}
	return err
}

// noArgs is for commands that take flags only.
func noArgs(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if err := fileArgs(command, args); err != nil {
		return err
	}
	return fmt.Errorf("%s takes no arguments, and got %q", command.Name(), args[0])
}

// fileArgs refuses manifests among the arguments of commands that take them with -f. That a pod may
// be called app.yaml, too, is a freedom nobody uses.
func fileArgs(command *cobra.Command, args []string) error {
	flag := "-f"
	if f := command.Flags().Lookup("file"); f == nil {
		return nil
	} else if f.Shorthand == "" {
		flag = "--file"
	}
	for _, arg := range args {
		manifest := slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(arg)))
		if manifest || arg == "-" || strings.HasPrefix(arg, ".") || strings.HasSuffix(arg, "/") {
			return fmt.Errorf("%q is a file: give it with %s %s", arg, flag, arg)
		}
	}
	return nil
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		previous := row[0]
		row[0] = i + 1
		for j := range b {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
