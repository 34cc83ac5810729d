package cmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

type psOptions struct {
	all, noHeaders, quiet, noTrunc bool
	output                         enum
}

func newPsCommand(a *app) *cobra.Command {
	opts := psOptions{output: outputFlag()}
	command := &cobra.Command{
		Use:   "ps [POD...]",
		Short: "List the pods and containers of a project",
		Long: `List the containers of a project with their state and the ports their pods publish.

Init containers that have done their work are left out unless --all is given. What
probes have found stands behind the state: Up 2 minutes (not ready).`,
		Example: `  podup ps
  podup ps --project shop -o json
  podup ps -q web`,
		Args:              fileArgs,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			return a.ps(command.Context(), opts, args)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVarP(&opts.all, "all", "a", false, "also list init containers that have finished")
	flags.BoolVar(&opts.noHeaders, "no-headers", false, "leave the column headers out")
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "print only the names the engine gives the containers")
	flags.BoolVar(&opts.noTrunc, "no-trunc", false, "do not shorten image names to the terminal's width")
	flags.VarP(&opts.output, "output", "o", "output format: text or json")
	return command
}

// outputFlag is -o of the commands that print a table or a document.
func outputFlag() enum { return enum{value: "text", allowed: []string{"text", outputJSON}} }

func (a *app) ps(ctx context.Context, opts psOptions, pods []string) error {
	project, actual, err := a.observe(ctx)
	if err != nil {
		return err
	}
	if err := a.notHere(actual, pods...); err != nil {
		return err
	}
	if err := onlyPods(&actual, pods); err != nil {
		return err
	}
	table, err := a.table(actual)
	if err != nil {
		return err
	}
	table.all = opts.all
	switch {
	case opts.output.value == outputJSON:
		return writeJSON(a.env.Out, table.document(project))
	case opts.quiet:
		for _, c := range table.containers() {
			if _, err := fmt.Fprintln(a.env.Out, clean(c.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(actual.Pods) == 0 {
		a.noPods(project)
		return nil
	}
	width := 0
	if columns, _, ok := terminalSize(a.env.Out); ok && !opts.noTrunc {
		width = columns
	}
	if err := table.render(a.env.Out, newPalette(a.env.Out, a.env.Getenv, a.color.value), width, !opts.noHeaders); err != nil {
		return err
	}
	if text := unsupervised(actual, table.supervised); text != "" {
		a.warn(text)
	}
	return nil
}

// table is a snapshot with what a supervisor remembers of it.
func (a *app) table(actual plan.Actual) (projectTable, error) {
	runtime, err := openRuntime(a.env.Getenv, actual.Project)
	if err != nil {
		return projectTable{}, err
	}
	t := projectTable{actual: actual, now: time.Now(), memories: map[string]status.Memory{}}
	_, t.supervised = runtime.supervised()
	for name := range actual.Pods {
		if memory, known := runtime.memory(name); known {
			t.memories[name] = memory
		}
	}
	return t, nil
}

// observe looks at the project that the flags name.
func (a *app) observe(ctx context.Context) (project string, actual plan.Actual, err error) {
	if project, err = a.existingProject(); err != nil {
		return "", plan.Actual{}, err
	}
	engine, err := a.connect(ctx)
	if err != nil {
		return "", plan.Actual{}, err
	}
	defer engine.Close()
	actual, err = engine.Observe(ctx, translate.Project{Name: project})
	return project, actual, err
}

// onlyPods drops the pods that are not named; no names keep all.
func onlyPods(actual *plan.Actual, names []string) error {
	if len(names) == 0 {
		return nil
	}
	kept := map[string]plan.PodState{}
	for _, name := range names {
		pod, ok := actual.Pods[name]
		if !ok {
			return unknownName("pod", name, podNames(*actual))
		}
		kept[name] = pod
	}
	actual.Pods = kept
	return nil
}

// unknownName says that there is no such thing, and what there is.
func unknownName(kind, name string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("no %s %q: the project has none", kind, clean(name))
	}
	return fmt.Errorf("no %s %q: there is %s", kind, clean(name), clean(strings.Join(known, ", ")))
}

// versioner tells where an engine is.
type versioner interface {
	Version(ctx context.Context) (podmanapi.Version, error)
}

// showProject is the last screen of `up`: what is up, and where to reach it.
func (a *app) showProject(ctx context.Context, engine versioner, out io.Writer, actual plan.Actual) {
	if len(actual.Pods) == 0 {
		return
	}
	width, _, _ := terminalSize(out)
	table, err := a.table(actual)
	if err != nil {
		table = projectTable{actual: actual, now: time.Now()}
	}
	if table.render(out, newPalette(out, a.env.Getenv, a.color.value), width, true) != nil {
		return
	}
	reach := table.reach(func() string { return engineHost(ctx, engine) })
	if len(reach) > 0 {
		_, _ = io.WriteString(out, "\n"+strings.Join(reach, "\n")+"\n")
	}
}

// engineHost is the name of the machine that publishes the ports, "localhost" for this one and
// where it cannot be told.
func engineHost(ctx context.Context, engine versioner) string {
	version, err := engine.Version(ctx)
	if err != nil || version.Local {
		return "localhost"
	}
	// The API names no address but the one it was called by.
	if address, err := url.Parse(version.URL); err == nil && address.Hostname() != "" {
		return address.Hostname()
	}
	return "localhost"
}

// podNames are the names of the project's pods, sorted.
func podNames(actual plan.Actual) []string {
	names := make([]string, 0, len(actual.Pods))
	for name := range actual.Pods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// podContainers are a pod's own containers, init containers first, each in the order of the manifest they were made from.
func podContainers(pod plan.PodState) []plan.ContainerState {
	var containers []plan.ContainerState
	for _, c := range pod.Containers {
		if c.Role != translate.RoleHolder {
			containers = append(containers, c)
		}
	}
	slices.SortFunc(containers, func(a, b plan.ContainerState) int {
		if initA, initB := a.Role == translate.RoleInit, b.Role == translate.RoleInit; initA != initB {
			if initA {
				return -1
			}
			return 1
		}
		// Containers of a pod are made beside each other: their age says nothing.
		return cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.Name, b.Name))
	})
	return containers
}

// containerLabel is what a container is called within its pod. One that is only there while it is
// being replaced shows so: "app.old".
func containerLabel(c plan.ContainerState) string {
	if name, ok := strings.CutPrefix(c.Name, c.Pod+"-"); ok && c.Pod != "" {
		return name
	}
	if c.Container != "" {
		return c.Container
	}
	return c.Name
}
