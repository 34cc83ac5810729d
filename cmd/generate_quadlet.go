package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

type generateQuadletOptions struct {
	app                       *app
	dir                       string
	install, supervised, root bool
	strict                    bool
	network                   string
	podman                    podmanVersion
}

func newGenerateQuadletCommand(a *app, run func(context.Context, *generateQuadletOptions) error) *cobra.Command {
	opts := &generateQuadletOptions{app: a}
	command := &cobra.Command{
		Use:   "quadlet [-f FILE]...",
		Short: "Write Quadlet units that run the pods without podup",
		Long: `Write the units by which systemd and Podman run the pods of manifests without podup:
one for each pod, container, volume and network.

They are written to standard output, in the form that podman quadlet install takes
as one .quadlets file (Podman 5.8), or with -o as files into a directory, and beside
them the files of configMaps. Values of Secrets are in none of them: what has to be
done with podman secret create is said on standard error. podup install does it all.

What systemd cannot do, such as probes over the network or readiness, is a warning
and a comment in the unit, and with --strict an error. podup generate systemd writes a
service that does everything. The units want systemd 254 or newer.`,
		Example: `  podup generate quadlet -f pod.yaml
  podup generate quadlet -f pod.yaml -o ~/.config/containers/systemd/shop
  podup generate quadlet -f pod.yaml --install
  podup generate quadlet -f pod.yaml --podman-version 5.8 --root -o /etc/containers/systemd/shop`,
		Args: noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if !command.Flags().Changed("root") {
				opts.root = os.Getuid() == 0
			}
			if run == nil {
				run = runGenerateQuadlet
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.StringVarP(&opts.dir, "output", "o", "", "directory to write the units into (default: standard output)")
	flags.BoolVar(&opts.install, "install", false, "install and start them, as podup install does")
	flags.BoolVar(&opts.supervised, "supervised", false, "the same as podup generate systemd")
	flags.BoolVar(&opts.root, "root", false, "for the system's service manager and root's Podman (default: as who runs podup)")
	flags.BoolVar(&opts.strict, "strict", false, "take warnings about the manifests, and what the units do not do, for errors")
	flags.StringVar(&opts.network, "network", "", "as for up")
	flags.Var(&opts.podman, "podman-version", podmanVersionUsage(quadlet.Oldest().String()))
	return command
}

func runGenerateQuadlet(ctx context.Context, opts *generateQuadletOptions) error {
	a := opts.app
	switch {
	case opts.install && opts.dir != "":
		return usagef("generate quadlet: --install knows where the units go: leave out -o")
	case opts.install:
		if opts.root != (os.Getuid() == 0) {
			return usagef("generate quadlet: --install is for who runs podup: leave out --root")
		}
		return runInstall(ctx, &installOptions{app: a, supervised: opts.supervised, strict: opts.strict, network: opts.network, podman: opts.podman})
	case opts.supervised:
		return runGenerateSystemd(ctx, &generateSystemdOptions{
			upOptions: upOptions{app: a, pull: pullFlag(), strict: opts.strict, network: opts.network}, dir: opts.dir, root: opts.root, passed: passedFlags(opts.strict, opts.network),
		})
	}
	t, err := (&upOptions{app: a, strict: opts.strict, network: opts.network}).target(a.view(""))
	if err != nil {
		return err
	}
	set, err := a.quadletUnits(t, quadlet.Options{Podman: opts.podman.or(quadlet.Oldest()), Root: opts.root}, opts.strict,
		"podup generate systemd writes one service that does all that the manifests say")
	if err != nil {
		return err
	}
	if opts.dir != "" {
		v := a.view("")
		if err := systemd.Export(opts.dir, set, func(verb, what string) { v.Note(verb + " " + what) }); err != nil {
			return err
		}
	} else if err := a.printUnits(set); err != nil {
		return err
	}
	a.tellSecrets(set)
	return nil
}

// quadletUnits are the units of what a command line names. What they do not do is a warning, or an error if
// that is asked for; supervised is how the same command line has it all done, said once behind these.
func (a *app) quadletUnits(t target, opts quadlet.Options, strict bool, supervised string) (quadlet.Set, error) {
	want, problems := translate.Want(t.set, translate.Options{
		Project: t.project, Network: t.options.Network, SecretKey: randomKey(), Node: quadlet.Node,
	})
	if problems.HasErrors() {
		return quadlet.Set{}, exit(exitManifest, problems)
	}
	for _, source := range t.options.Sources {
		if source == "-" {
			source = "standard input"
		}
		opts.Sources = append(opts.Sources, source)
	}
	set, err := quadlet.Generate(want, opts)
	var refused quadlet.RefusedError
	if errors.As(err, &refused) {
		return quadlet.Set{}, exit(exitManifest, err)
	}
	if err != nil {
		return quadlet.Set{}, err
	}
	var lost []string
	missed := false
	for _, note := range set.Notes {
		text, supervision := note.Loss()
		missed = missed || supervision
		lost = append(lost, fmt.Sprintf("%s: %s: %s", note.Unit, note.Field, text))
	}
	if missed {
		lost = append(lost, supervised)
	}
	return set, a.notDone(lost, strict)
}

// notDone warns of what units do not do, or fails with it.
func (a *app) notDone(texts []string, strict bool) error {
	var errs []error
	for _, text := range texts {
		if strict {
			errs = append(errs, errors.New(text))
		} else {
			a.warn(text)
		}
	}
	if len(errs) > 0 {
		return exit(exitManifest, errors.Join(errs...))
	}
	return nil
}

// printUnits writes the units one after the other, each with its name, as Podman 5.8 takes them from one
// .quadlets file.
func (a *app) printUnits(set quadlet.Set) error {
	var text bytes.Buffer
	for i, unit := range set.Units {
		if i > 0 {
			text.WriteString("---\n")
		}
		fmt.Fprintf(&text, "# FileName=%s\n%s", strings.TrimSuffix(unit.Name, path.Ext(unit.Name)), unit.Text)
	}
	if len(set.Files) > 0 {
		var names []string
		for _, file := range set.Files {
			names = append(names, file.Name)
		}
		a.warn("the units mount files that standard output does not hold; -o writes them beside the units: " + strings.Join(names, ", "))
	}
	_, err := a.env.Out.Write(text.Bytes())
	return err
}

// tellSecrets says what the engine must have before the units start.
func (a *app) tellSecrets(set quadlet.Set) {
	if len(set.Secrets) == 0 {
		return
	}
	v := a.view("")
	v.Note("the units use secrets of the engine, which podup install makes; by hand, each value on standard input:")
	for _, secret := range set.Secrets {
		v.Note(fmt.Sprintf("  podman secret create --replace --label %s=%s %s -   # %s, for %s", translate.LabelUnit, set.Project,
			shellWord(secret.Name), secret.Source, strings.Join(slices.Sorted(slices.Values(secret.Units)), ", ")))
	}
}

// shellWord quotes a word for a shell where it has to be.
func shellWord(text string) string {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
