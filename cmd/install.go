package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

type installOptions struct {
	app                                 *app
	supervised, noStart, dryRun, strict bool
	network                             string
	podman                              podmanVersion
}

func newInstallCommand(a *app, run func(context.Context, *installOptions) error) *cobra.Command {
	opts := &installOptions{app: a}
	command := &cobra.Command{
		Use:   "install [-f FILE]...",
		Short: "Let systemd run the pods of manifests, also after a reboot",
		Long: `Let systemd run the pods of manifests, from now on and after every reboot.

podup writes Quadlet units, one for each pod, container and volume, as podup generate
quadlet shows them, and starts them. After that podup is not needed: systemctl and
journalctl are for the services what they are for all others. Of what is installed
already, only what differs is written, and only what has to be restarted is.

With --supervised it is one service instead, in which podup leads the pods with
everything that their manifests say: see podup generate systemd. It takes over what
podup up runs of the project, as it is; for units, that has to be down first.

The units are for the user's service manager, as root for the system's. Without root
they run without a login only where lingering is on: loginctl enable-linger.
podup uninstall removes them.`,
		Example: `  podup install -f pod.yaml
  podup install -f manifests/ --project shop --dry-run
  podup install -f pod.yaml --supervised`,
		Args: noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if run == nil {
				run = runInstall
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVar(&opts.supervised, "supervised", false, "install one service in which podup leads the pods")
	flags.BoolVar(&opts.noStart, "no-start", false, "write the units, and start and restart nothing")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "only say what would be done")
	flags.BoolVar(&opts.strict, "strict", false, "take warnings about the manifests, and what the units do not do, for errors")
	flags.StringVar(&opts.network, "network", "", "as for up")
	flags.Var(&opts.podman, "podman-version", podmanVersionUsage("the one that is here"))
	return command
}

func runInstall(ctx context.Context, opts *installOptions) (err error) {
	a := opts.app
	if opts.supervised {
		return opts.supervise(ctx)
	}
	v := a.view("")
	t, err := (&upOptions{app: a, strict: opts.strict, network: opts.network}).target(v)
	if err != nil {
		return err
	}
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	host := a.units()
	if err := usable(ctx, engine, host); err != nil {
		return err
	}
	version, err := opts.version(ctx, engine)
	if err != nil {
		return err
	}
	set, err := a.quadletUnits(t, quadlet.Options{Podman: version, Root: host.Root}, opts.strict,
		"podup install --supervised installs one service that does all that the manifests say")
	if err != nil {
		return err
	}
	held, err := acquire(ctx, a.env.Getenv, t.project, "podup install", v.Note)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.remove()) }()
	// Behind the lock: whoever was waited for may have installed it.
	if service, err := host.ReadService(t.project); err != nil {
		return err
	} else if service != nil {
		return fmt.Errorf("project %s is installed with --supervised: podup uninstall %s first", t.project, t.project)
	}
	if err := notUp(ctx, engine, t.project); err != nil {
		return err
	}
	in, done, err := a.installer(ctx, host, t.project, v, !opts.noStart && !opts.dryRun)
	if err != nil {
		return err
	}
	defer done()
	if err := a.ignored(ctx, in, set.Units, opts.strict); err != nil {
		return err
	}
	in.Engine = engine
	difference, err := in.Survey(ctx, set)
	if err != nil {
		return err
	}
	if opts.dryRun {
		return a.showInstall(difference, !opts.noStart)
	}
	reported := counting(in)
	troubles, err := in.Install(ctx, set, difference, !opts.noStart)
	if err != nil {
		return err
	}
	for _, object := range difference.Kept() {
		v.Note(fmt.Sprintf("the data of %s stays: podman volume rm %s removes it", object, strings.TrimPrefix(object, "volume/")))
	}
	switch {
	case *reported == 0 && len(troubles) == 0:
		v.Note(fmt.Sprintf("project %s: unchanged", t.project))
	case opts.noStart:
		v.Note(fmt.Sprintf("project %s: installed, and nothing started: %s", t.project, host.Control("start "+firstService(set))))
	default:
		v.Note(fmt.Sprintf("project %s: installed in %s", t.project, host.Directory(t.project)))
	}
	a.warnLinger(host)
	return a.troubled(host, troubles)
}

// version is --podman-version, else that of the engine. What is newer than all that is known reads the newest
// units.
func (o *installOptions) version(ctx context.Context, engine Engine) (quadlet.Version, error) {
	if o.podman.given {
		return o.podman.Version, nil
	}
	is, err := engine.Version(ctx)
	if err != nil {
		return quadlet.Version{}, err
	}
	version, err := quadlet.ParseVersion(is.Engine)
	var major, minor int
	if n, _ := fmt.Sscanf(is.Engine, "%d.%d", &major, &minor); err != nil && n == 2 &&
		quadlet.Newest().Before(quadlet.Version{Major: major, Minor: minor}) {
		return quadlet.Newest(), nil
	}
	return version, err
}

// notUp refuses a project that is up: units make pods of their own, and of the same names.
func notUp(ctx context.Context, engine Engine, project string) error {
	actual, err := engine.Observe(ctx, translate.Project{Name: project})
	if err != nil || len(actual.Pods) == 0 {
		return err
	}
	return fmt.Errorf("project %s is up: podup down --project %s first, or podup install --supervised, which takes the pods over as they are", project, project)
}

// units is where units live, and who runs them.
func (a *app) units() systemd.Host {
	if a.env.Units != nil {
		return *a.env.Units
	}
	return systemd.Here(a.env.Getenv, os.Getuid())
}

// installer is one without an engine. Only where a service manager is needed is its absence an error.
func (a *app) installer(ctx context.Context, host systemd.Host, project string, v view, needed bool) (in *systemd.Installer, done func(), err error) {
	in = &systemd.Installer{
		Host: host, Project: project, Warn: a.warn,
		Report: func(verb, what string) { v.Note(verb + " " + what) },
	}
	manager, err := host.Open(ctx)
	switch {
	case err == nil:
		in.Manager = manager
		return in, func() { _ = manager.Close() }, nil
	case needed:
		return nil, nil, fmt.Errorf("%w: --no-start writes the units all the same", err)
	}
	a.warn(err.Error() + ": nothing is reloaded, started or stopped")
	return in, func() {}, nil
}

// ignored says what of the units the service manager that is here does not know.
func (a *app) ignored(ctx context.Context, in *systemd.Installer, units []quadlet.Unit, strict bool) error {
	texts, err := in.Ignored(ctx, units)
	if err != nil {
		return err
	}
	return a.notDone(texts, strict)
}

// counting counts what an installer reports.
func counting(in *systemd.Installer) *int {
	reported, report := 0, in.Report
	in.Report = func(verb, what string) {
		reported++
		report(verb, what)
	}
	return &reported
}

// showInstall says what an install would do.
func (a *app) showInstall(d systemd.Difference, start bool) error {
	var lines []string
	words := map[systemd.Action]string{systemd.Add: "write", systemd.Change: "write", systemd.Reword: "write", systemd.Remove: "remove"}
	for _, u := range d.Units {
		if word, ok := words[u.Action]; ok {
			lines = append(lines, word+" "+u.Name)
		}
		if u.Action == systemd.Remove {
			lines = append(lines, "stop "+u.Service)
		}
	}
	for _, f := range d.Files {
		if word, ok := words[f.Action]; ok {
			lines = append(lines, word+" "+f.Name)
		}
	}
	words[systemd.Add], words[systemd.Change] = "set", "set"
	for _, s := range d.Secrets {
		if word, ok := words[s.Action]; ok {
			lines = append(lines, word+" secret/"+s.Name)
		}
	}
	if start {
		for _, service := range d.Restart {
			lines = append(lines, "restart "+service)
		}
		for _, u := range d.Units {
			if u.Action == systemd.Add && u.Starts() {
				lines = append(lines, "start "+u.Service)
			}
		}
	}
	if len(lines) == 0 {
		lines = []string{"nothing would change"}
	}
	_, err := fmt.Fprintln(a.env.Out, strings.Join(lines, "\n"))
	return err
}

func firstService(set quadlet.Set) string {
	i := slices.IndexFunc(set.Units, func(u quadlet.Unit) bool { return strings.HasSuffix(u.Name, ".pod") })
	if i < 0 {
		return "SERVICE"
	}
	return set.Units[i].Service
}

// warnLinger says when the services end with the user's last session.
func (a *app) warnLinger(host systemd.Host) {
	if host.Root || systemd.Lingers(a.env.Getenv) {
		return
	}
	name := ""
	if self, err := user.Current(); err == nil {
		name = " " + self.Username
	}
	a.warn("lingering is off: systemd starts the services when you log in and ends them with your last session; loginctl enable-linger" + name + " lets them run without")
}

// troubled says of each service that does not run why. What had failed before is a warning.
func (a *app) troubled(host systemd.Host, troubles []systemd.Trouble) error {
	var errs []error
	for _, t := range troubles {
		text := t.Service + " " + t.Text
		if len(t.Lines) > 0 {
			text += "\n" + strings.Join(t.Lines, "\n")
		}
		text += "\nsee " + host.Journal(t.Service)
		if t.Before {
			a.warn(text)
			continue
		}
		errs = append(errs, errors.New(text))
	}
	return errors.Join(errs...)
}
